/** Random strings, from the caller's pinned dice: one plan renders the same bytes each time. */
import { encodeBase64 } from '../../go/base64.ts';
import { type CallContext, GoError, type GoFunction, type StringValue, string } from '../value.ts';
import { fn, num } from './define.ts';
import { hex } from './encoding.ts';

const digits = '0123456789';
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

/** `count` characters of an alphabet, each equally likely; a negative count gives none. */
export function randomText(count: number, alphabet: string, context: CallContext): string {
  if (count <= 0) return '';
  context.make(count);
  const limit = 256 - (256 % alphabet.length);
  let out = '';
  for (let tries = 0; out.length < count; tries++) {
    for (const byte of context.random(count - out.length)) if (byte < limit) out += alphabet[byte % alphabet.length];
    if (tries > 1000) throw new GoError('the source of randomness gives no usable bytes');
  }
  return out;
}

function uuid(context: CallContext): string {
  const bytes = context.random(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A text that no line has written. */
export function drawn(text: string, context: CallContext): StringValue {
  return string(text, context.drawn);
}

export const randomFunctions: readonly GoFunction[] = [
  fn('randAlphaNum', 'int', ([count], context) => drawn(randomText(num(count), digits + letters, context), context)),
  fn('randAlpha', 'int', ([count], context) => drawn(randomText(num(count), letters, context), context)),
  fn('randNumeric', 'int', ([count], context) => drawn(randomText(num(count), digits, context), context)),
  fn('randAscii', 'int', ([count], context) => drawn(randomText(num(count), printable, context), context)),
  fn('randBytes', 'int', ([count], context) => {
    if (num(count) < 0) throw new GoError('runtime error: makeslice: len out of range');
    return drawn(encodeBase64(context.random(num(count))), context);
  }),
  fn('uuidv4', '', (_, context) => drawn(uuid(context), context)),
];
