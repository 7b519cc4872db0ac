/** Colours, only where a person looks: on a terminal, and not with NO_COLOR. */

export type Paint = (text: string, colour: keyof typeof codes) => string;

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;

export const plain: Paint = (text) => text;

export function paintFor(env: Readonly<Record<string, string | undefined>>): Paint {
  const colours = process.stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return colours ? (text, colour) => `\u001B[${codes[colour]}m${text}\u001B[0m` : plain;
}

/** Without control characters, which a terminal would act on; line breaks stay. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}]/gu, (c) => (c === '\n' || c === '\t' ? c : '\uFFFD'));
}
