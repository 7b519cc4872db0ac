/** Text of others as Markdown: what CRDs and manifests say is shown as it stands and can neither link nor format. */

/** Escapes everything that Markdown or HTML would act on; control characters are dropped. */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\n' || c === '\t' ? c : ''))
    .replace(/[\\`*_{}[\]()#+\-.!|<>&~:$]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : `\\${c}`))
    .replace(/\n[ \t]*\n\s*/g, '\n\n');
}

/** Inline code that its content cannot end. */
export function code(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map((ticks) => ticks[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 || clean.startsWith(' ') ? ' ' : '';
  return `${fence}${pad}${clean === '' ? ' ' : clean}${pad}${fence}`;
}
