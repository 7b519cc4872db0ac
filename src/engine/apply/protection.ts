/**
 * Clusters that are not to be written to by accident, by patterns such as `prod-*` that the settings hold: a pattern means
 * the name of a context, or the address of a server, which other contexts and `spec.kubeConfig` may lead to as well.
 */

/** open: ask once · protected: the context's name has to be typed · read-only: nothing is written at all. */
export type Protection = 'open' | 'protected' | 'read-only';

export interface ProtectionSettings {
  /** Patterns in which `*` stands for any text. */
  readonly protected: readonly string[];
  readonly readOnly: readonly string[];
}

/** `names`: what the cluster goes by, its context and its server's address. */
export function protectionOf(names: readonly string[], settings: ProtectionSettings): Protection {
  const meant = (patterns: readonly string[]) =>
    patterns.some((pattern) => names.some((name) => matches(pattern, name)));
  if (meant(settings.readOnly)) return 'read-only';
  return meant(settings.protected) ? 'protected' : 'open';
}

/** Whether a name matches a pattern: the parts between the stars, in order, the first and the last at the ends. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (parts.length === 1) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
