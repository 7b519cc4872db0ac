/** Tar archives for tests, byte by byte, so that they can hold what no packer would write. */

export interface Entry {
  readonly name: string;
  readonly data?: string | Uint8Array;
  /** The type flag; absent: a file. */
  readonly type?: string;
  readonly link?: string;
}

const block = 512;

export function tar(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ name, data = '', type = '0', link = '' }) => {
    const content = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    return [
      header(name, content.length, type, link),
      content,
      new Uint8Array((block - (content.length % block)) % block),
    ];
  });
  return join([...parts, new Uint8Array(2 * block)]);
}

function header(name: string, size: number, type: string, link: string): Uint8Array {
  const out = new Uint8Array(block);
  const put = (text: string, at: number) => void new TextEncoder().encodeInto(text, out.subarray(at));
  put(name, 0);
  put('0000644\0', 100);
  put(`${size.toString(8).padStart(11, '0')}\0`, 124);
  put(`${'0'.repeat(11)}\0`, 136);
  put(' '.repeat(8), 148);
  put(type, 156);
  put(link, 157);
  put('ustar\u000000', 257);
  const sum = out.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return out;
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
