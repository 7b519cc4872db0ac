/** `.helmignore` as Helm reads it: simpler than Git's rules, no `**`, and a negated rule ignores all that it does not match. */
import { compileMatch } from '../go/match.ts';

interface Rule {
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  readonly matches: (path: string) => boolean;
}

export type Ignored = (path: string, isDirectory: boolean) => boolean;

/** Compiles the rules; an error is Helm's own text. */
export function parseHelmIgnore(text: string): { readonly ignored: Ignored } | { readonly error: string } {
  const rules: Rule[] = [];
  // Helm adds the default last: dot files in templates/ are never read.
  for (const line of [...text.replace(/^\uFEFF/, '').split('\n'), 'templates/.?*']) {
    const rule = parseRule(line.replace(/^[\t-\r \x85\p{Z}]+|[\t-\r \x85\p{Z}]+$/gu, ''));
    if (rule === undefined) continue;
    if (typeof rule === 'string') return { error: rule };
    rules.push(rule);
  }
  return { ignored: (path, isDirectory) => isIgnored(rules, path, isDirectory) };
}

function isIgnored(rules: readonly Rule[], path: string, isDirectory: boolean): boolean {
  for (const rule of rules) {
    if (rule.negated) {
      if (rule.directoryOnly && !isDirectory) return true;
      if (!rule.matches(path)) return true;
    } else if ((!rule.directoryOnly || isDirectory) && rule.matches(path)) return true;
  }
  return false;
}

function parseRule(line: string): Rule | string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  if (line.includes('**')) return 'double-star (**) syntax is not supported';
  const negated = line.startsWith('!');
  const body = negated ? line.slice(1) : line;
  const directoryOnly = body.endsWith('/');
  const pattern = directoryOnly ? body.slice(0, -1) : body;
  const match = compileMatch(pattern.startsWith('/') ? pattern.slice(1) : pattern);
  if (match === undefined) return 'syntax error in pattern';
  const whole = pattern.includes('/');
  return { negated, directoryOnly, matches: whole ? match : (path) => match(path.slice(path.lastIndexOf('/') + 1)) };
}
