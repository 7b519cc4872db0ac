/** IP addresses as Go's net.ParseIP reads them. */

/** 4 bytes for an address of version 4, also for one that is written as version 6 (`::ffff:1.2.3.4`), else 16. */
export function parseIp(ip: string): Uint8Array | undefined {
  const bytes = fourBytes(ip) ?? sixteenBytes(ip);
  const four = bytes?.length === 16 && bytes.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 255));
  return four ? bytes.subarray(12) : bytes;
}

function fourBytes(ip: string): Uint8Array | undefined {
  const parts = ip.split('.');
  const right = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return right ? Uint8Array.from(parts, Number) : undefined;
}

/** Groups of four digits in base 16, of which `::` may leave out at least one; the last two may stand as four numbers. */
function sixteenBytes(ip: string): Uint8Array | undefined {
  const [, before = '', dotted] = /^(.*:)([\d.]+\.[\d.]+)$/.exec(ip) ?? [];
  const last = dotted === undefined ? undefined : fourBytes(dotted);
  if (dotted !== undefined && last === undefined) return undefined;
  const plain = last === undefined ? ip : `${before}${hexGroup(last[0]!, last[1]!)}:${hexGroup(last[2]!, last[3]!)}`;
  const [head = '', tail, ...more] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const missing = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...left, ...new Array<string>(missing).fill('0'), ...right];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}

const hexGroup = (high: number, low: number) => (high * 256 + low).toString(16);
