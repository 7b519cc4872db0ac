/**
 * Reads a gzipped tar in memory, as Go's archive/tar does, with the guards that an archive from elsewhere needs: a cap
 * on the unpacked bytes (checked while unpacking, so that a bomb never unfolds) and on the entries. What a name may look
 * like is the caller's rule; links and devices come out as such, never followed.
 */
import { Gunzip } from 'fflate';

export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly data: Uint8Array;
}

export interface TarLimits {
  /** Unpacked bytes, headers included. */
  readonly bytes: number;
  readonly entries: number;
}

export type TarResult = { readonly entries: readonly TarEntry[] } | { readonly error: string };

const block = 512;
/** One push can unfold about a thousandfold, so the cap is looked at every few megabytes. */
const chunk = 4096;

/** Every entry of a `.tar.gz`, in its order. Never throws. */
export function readTarGz(bytes: Uint8Array, limits: TarLimits): TarResult {
  const unpacked = gunzip(bytes, limits.bytes);
  return 'error' in unpacked ? unpacked : readTar(unpacked.data, limits.entries);
}

/** Unpacks gzip up to a number of bytes. Never throws. */
export function gunzip(bytes: Uint8Array, limit: number): { readonly data: Uint8Array } | { readonly error: string } {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { error: 'gzip: invalid header' };
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Gunzip((part) => {
      size += part.length;
      parts.push(part);
    });
    for (let at = 0; at < bytes.length && size <= limit; at += chunk) {
      stream.push(bytes.subarray(at, at + chunk), at + chunk >= bytes.length);
    }
  } catch (cause) {
    return { error: `gzip: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  if (size > limit) return { error: `unpacked size is over the limit of ${limit} bytes` };
  const data = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data };
}

function readTar(data: Uint8Array, limit: number): TarResult {
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  let pax: ReadonlyMap<string, string> = new Map();
  for (let at = 0; at < data.length; ) {
    if (at + block > data.length) return { error: 'tar: unexpected end of archive' };
    const header = data.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) break;
    if (!checksumHolds(header)) return { error: 'tar: invalid header' };
    const size = Number(pax.get('size') ?? readNumber(header, 124, 12));
    const start = at + block;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > data.length)
      return { error: 'tar: unexpected end of archive' };
    const content = data.subarray(start, start + size);
    at = start + Math.ceil(size / block) * block;
    const flag = String.fromCharCode(header[156]!);
    if (flag === 'L') longName = readText(content, 0, content.length);
    else if (flag === 'x') pax = readPax(content);
    if (flag === 'L' || flag === 'K' || flag === 'x' || flag === 'g') continue;
    const name = pax.get('path') ?? longName ?? readName(header);
    entries.push({ name, type: typeOf(flag, name), data: content });
    if (entries.length > limit) return { error: `archive has more than ${limit} entries` };
    longName = undefined;
    pax = new Map();
  }
  return { entries };
}

function typeOf(flag: string, name: string): TarEntry['type'] {
  if (flag === '5' || ((flag === '0' || flag === '\0') && name.endsWith('/'))) return 'directory';
  if (flag === '0' || flag === '\0' || flag === '7') return 'file';
  return flag === '1' || flag === '2' ? 'link' : 'other';
}

function readName(header: Uint8Array): string {
  const name = readText(header, 0, 100);
  const ustar = readText(header, 257, 5) === 'ustar' && header[262] === 0;
  const prefix = ustar ? readText(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal text, or base-256 when the first bit is set (GNU). */
function readNumber(header: Uint8Array, start: number, length: number): number {
  if ((header[start]! & 0x80) !== 0) {
    let value = header[start]! & 0x7f;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + header[i]!;
    return value;
  }
  const octal = readText(header, start, length).trim();
  return octal === '' ? 0 : /^[0-7]+$/.test(octal) ? Number.parseInt(octal, 8) : Number.NaN;
}

function checksumHolds(header: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!;
  return sum === readNumber(header, 148, 8);
}

const decoder = new TextDecoder();

function readText(bytes: Uint8Array, start: number, length: number): string {
  const end = bytes.subarray(start, start + length).indexOf(0);
  return decoder.decode(bytes.subarray(start, end < 0 ? start + length : start + end));
}

/** Records of `<length> <key>=<value>\n`. */
function readPax(content: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const length = Number(decoder.decode(content.subarray(at, space < 0 ? content.length : space)));
    if (space < 0 || !Number.isSafeInteger(length) || length <= 0) break;
    const record = decoder.decode(content.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
