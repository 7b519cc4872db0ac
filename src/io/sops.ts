/** Where the user's age keys are, by the variables that `sops` itself reads. Keys are only read when one of them is set. */
import { readFileSync } from 'node:fs';

/** Age identities (`AGE-SECRET-KEY-1…`) of SOPS_AGE_KEY and SOPS_AGE_KEY_FILE. Throws when the file cannot be read. */
export function readIdentities(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { SOPS_AGE_KEY: inline = '', SOPS_AGE_KEY_FILE: file } = env;
  const text = file ? `${inline}\n${readFileSync(file, 'utf8')}` : inline;
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
}
