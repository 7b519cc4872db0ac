/**
 * Which contexts are not to be written to, or only by who types their name: by the settings of the editor, and for the
 * editor and the command line alike by `SLUICE_READ_ONLY` and `SLUICE_PROTECTED`, patterns such as `prod-*` with commas.
 */
import type { ProtectionSettings } from '../engine/index.ts';

export function protectionSettings(
  env: Readonly<Record<string, string | undefined>>,
  settings: { readonly readOnly?: readonly string[]; readonly protected?: readonly string[] } = {},
): ProtectionSettings {
  const patterns = (name: string) =>
    (env[name] ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  return {
    readOnly: [...(settings.readOnly ?? []), ...patterns('SLUICE_READ_ONLY')],
    protected: [...(settings.protected ?? []), ...patterns('SLUICE_PROTECTED')],
  };
}
