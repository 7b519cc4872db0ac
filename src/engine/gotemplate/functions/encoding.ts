/** Encodings and checksums of strings. */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { decodeBase32, decodeBase64, encodeBase32, encodeBase64 } from '../../go/base64.ts';
import { decode, encode } from '../../go/utf8.ts';
import { type CallContext, type GoFunction, string, type Value } from '../value.ts';
import { fn, text } from './define.ts';

export function hex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += (byte < 16 ? '0' : '') + byte.toString(16);
  return out;
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

/** sprig gives the error's text as the result. */
function decoded(result: Uint8Array | number, kind: string): Value {
  return string(typeof result === 'number' ? `illegal ${kind} data at input byte ${result}` : decode(result));
}

function hash(of: (bytes: Uint8Array) => Uint8Array): (args: readonly Value[], context: CallContext) => Value {
  return ([s], context) => {
    context.step(text(s).length >> 4);
    return string(hex(of(encode(text(s)))));
  };
}

export const encodingFunctions: readonly GoFunction[] = [
  fn('b64enc', 'string', ([s]) => string(encodeBase64(encode(text(s))))),
  fn('b64dec', 'string', ([s]) => decoded(decodeBase64(text(s)), 'base64')),
  fn('b32enc', 'string', ([s]) => string(encodeBase32(encode(text(s))))),
  fn('b32dec', 'string', ([s]) => decoded(decodeBase32(text(s)), 'base32')),
  fn('sha1sum', 'string', hash(sha1)),
  fn('sha256sum', 'string', hash(sha256)),
  fn('sha512sum', 'string', hash(sha512)),
  fn('adler32sum', 'string', ([s]) => string(String(adler32(encode(text(s)))))),
];
