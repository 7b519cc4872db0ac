/**
 * A folded scalar on its way through kustomize: yaml.v3 writes it as `>` again and reads that back.
 *
 * It doubles the break behind every line that does not start with a blank, to undo folding; but it judges what follows
 * by the beginning of the whole text. So a break before an indented line grows, and a text that starts with a blank is
 * not protected at all. kustomize's output shows both.
 */

import { analyze } from './analyze.ts';
import { foldedLines } from './block.ts';
import { isBlank, isBreak } from './cursor.ts';

/** The text after one round trip. */
export function refold(text: string): string {
  if (!text.includes('\n')) return text;
  const { block, multiline } = analyze(text);
  // What cannot be a block scalar is written in double quotes and comes back as it was.
  if (!block || !multiline) return text;
  const written = writeFolded(text);
  const last = text.length - 1;
  const broken = isBreak(text.charCodeAt(last));
  const kept = broken && (last === 0 || isBreak(text.charCodeAt(last - 1)));
  return foldedLines(written, kept ? 'keep' : broken ? 'clip' : 'strip');
}

/** The content lines that yaml.v3 writes, without their indentation. */
function writeFolded(text: string): string {
  let start = 0;
  while (isBreak(text.charCodeAt(start))) start++;
  const guarded = start < text.length && !isBlank(text.charCodeAt(start));
  let out = '';
  let broken = true;
  let indented = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isBreak(code)) {
      if (!broken && !indented && code === 0x0a && guarded) out += '\n';
      out += text[i];
      broken = true;
    } else {
      if (broken) indented = isBlank(code);
      out += text[i];
      broken = false;
    }
  }
  return out;
}
