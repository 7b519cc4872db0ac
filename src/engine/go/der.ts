/** DER and PEM, as much as keys and certificates need. */
import { decodeBase64, encodeBase64 } from './base64.ts';

export interface Item {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) size.unshift(rest & 255);
  const header = length < 128 ? [length] : [0x80 | size.length, ...size];
  return concat(Uint8Array.of(tag, ...header), content);
}

export const derSequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts);
export const octets = (content: Uint8Array) => tlv(4, content);
export const bits = (content: Uint8Array, unused = 0) => tlv(3, Uint8Array.of(unused), content);

export function derInteger(value: bigint): Uint8Array {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 128) hex = `00${hex}`;
  return tlv(
    2,
    Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
  );
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [40 * first + second];
  for (const part of rest) {
    const group = [part & 127];
    for (let left = part >>> 7; left > 0; left >>>= 7) group.unshift((left & 127) | 128);
    bytes.push(...group);
  }
  return tlv(6, Uint8Array.from(bytes));
}

/** The items that stand one after the other in `der`; stops at what is no item. */
export function children(der: Uint8Array): Item[] {
  const out: Item[] = [];
  for (let at = 0; at + 2 <= der.length; ) {
    let length = der[at + 1]!;
    let start = at + 2;
    if (length >= 128) {
      const count = length & 127;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (der[start + i] ?? 0);
      start += count;
    }
    if (start + length > der.length) break;
    out.push({ tag: der[at]!, content: der.subarray(start, start + length), whole: der.subarray(at, start + length) });
    at = start + length;
  }
  return out;
}

export function readInteger(item: Item): bigint | undefined {
  if (item.tag !== 2) return undefined;
  let hex = '0x0';
  for (const byte of item.content) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

/** The numbers of a sequence; an item that is none is undefined. */
export function integersOf(der: Uint8Array): (bigint | undefined)[] {
  return children(children(der)[0]?.content ?? new Uint8Array()).map(readInteger);
}

/** As text, with points. */
export function readOid({ tag, content }: Item): string | undefined {
  if (tag !== 6) return undefined;
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 127);
    if (byte < 128) {
      if (parts.length === 0)
        parts.push(Math.min(2, Math.floor(part / 40)), part - 40 * Math.min(2, Math.floor(part / 40)));
      else parts.push(part);
      part = 0;
    }
  }
  return parts.join('.');
}

export function encodePem(type: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n`;
}

/** The first PEM block of a text; its headers say nothing that is asked here. */
export function decodePem(text: string): { readonly type: string; readonly der: Uint8Array } | undefined {
  const match = /-----BEGIN ([^-\n]+)-----\r?\n(?:[^\n:-]+:[^\n]*\n)*([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text);
  if (match === null) return undefined;
  const der = decodeBase64(match[2]!.replace(/[ \t]/g, ''));
  return typeof der === 'number' ? undefined : { type: match[1]!, der };
}
