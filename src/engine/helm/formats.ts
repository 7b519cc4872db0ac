/** The formats of a JSON schema as the library that Helm uses takes them: rules up to draft 7, notes in later drafts. */
import { RE2JS } from 're2js';
import { parseStrictVersion } from '../go/semver.ts';

/** Whether a text has a format; formats that are not listed are unknown to Helm, too. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  'date-time': isDateTime,
  duration: isDuration,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  iri: isUri,
  'iri-reference': isUriReference,
  'json-pointer': isJsonPointer,
  period: isPeriod,
  regex: isRegex,
  'relative-json-pointer': (text) => {
    const rest = /^(?:0|[1-9][0-9]*)(?![0-9])([\s\S]*)$/.exec(text)?.[1];
    return rest !== undefined && (rest === '#' || isJsonPointer(rest));
  },
  semver: (text) => parseStrictVersion(text) !== undefined,
  time: isTime,
  uri: isUri,
  'uri-reference': isUriReference,
  'uri-template': isUriTemplate,
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
};

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const match = /^(\d\d):(\d\d):(\d\d)(\.\d+)?([zZ]|([+-])(\d\d):(\d\d))$/.exec(text);
  if (match === null) return false;
  const [hour, minute, second] = match.slice(1, 4).map(Number) as [number, number, number];
  const [zoneHour, zoneMinute] = [Number(match[7] ?? 0), Number(match[8] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return false;
  if (second < 60) return true;
  // A leap second is the last one of a day in UTC.
  const zone = (match[6] === '+' ? -1 : 1) * (zoneHour * 60 + zoneMinute);
  return (hour * 60 + minute + zone + 24 * 60) % (24 * 60) === 24 * 60 - 1;
}

function isDuration(text: string): boolean {
  return /^P(\d+W|(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)$/.test(text);
}

function isIpv4(text: string): boolean {
  const groups = text.split('.');
  return groups.length === 4 && groups.every((group) => /^(0|[1-9]\d{0,2})$/.test(group) && Number(group) <= 255);
}

function isIpv6(text: string): boolean {
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (last.includes('.') && !isIpv4(last)) return false;
  const plain = last.includes('.') ? `${text.slice(0, -last.length)}0:0` : text;
  const halves = plain.split('::');
  if (!text.includes(':') || halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}

function isHostname(text: string): boolean {
  const name = text.replace(/\.$/, '');
  return name.length <= 253 && name.split('.').every((label) => /^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)$/.test(label));
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 || text.length > 254 || local.length > 64) return false;
  const quoted = local.length > 1 && local.startsWith('"') && local.endsWith('"');
  const fine = quoted
    ? !/[\\"]/.test(local.slice(1, -1))
    : /^(?!\.)(?!.*\.\.)[\w.!#$%&'*+/=?^`{|}~-]*(?<!\.)$/.test(local);
  if (!fine) return false;
  if (!domain.startsWith('[') || !domain.endsWith(']')) return isHostname(domain);
  const address = domain.slice(1, -1);
  return address.startsWith('IPv6:') ? isIpv6(address.slice(5)) : isIpv4(address);
}

function isDateTime(text: string): boolean {
  return /^.{10}[tT]/.test(text) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** Two times, or a time and how long before or after it. */
function isPeriod(text: string): boolean {
  const slash = text.indexOf('/');
  const [start, end] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash < 0) return false;
  if (start.startsWith('P')) return isDuration(start) && isDateTime(end);
  return isDateTime(start) && (end.startsWith('P') ? isDuration(end) : isDateTime(end));
}

function isJsonPointer(text: string): boolean {
  return /^(\/([^~/]|~[01])*)*$/.test(text);
}

function isUri(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && isReference(text);
}

function isUriReference(text: string): boolean {
  return !text.includes('\\') && isReference(text);
}

/** A URL in whose path every brace is closed before the next one opens; one that Go would write so itself is not looked at. */
function isUriTemplate(text: string): boolean {
  if (!isReference(text)) return false;
  const path = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?:\/\/[^/?#]*)?([^?#]*)/.exec(text)![1]!;
  const plain = decodePath(path);
  if (plain === undefined) return false;
  if (encodePath(plain) === path) return true;
  return path.split('/').every((step) => /^[^{}]*(\{[^{}]*\}[^{}]*)*$/.test(decodePath(step) ?? '{'));
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function encodePath(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%(24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent);
}

function isRegex(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** What Go reads as a URL, as far as its characters decide. */
function isReference(text: string): boolean {
  if (/[\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text.replace(/[?].*/, ''))) return false;
  if (/^[^/?#]*:/.test(text) && !/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text)) return false;
  const host = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*)/.exec(text)?.[1];
  if (host === undefined) return true;
  const match = /^(?:[^@]*@)?(\[[^\]]*\]|[^:[\]]*)(:\d*)?$/.exec(host);
  if (match === null || /[ <>"{}|\\^`]/.test(match[1]!)) return false;
  return !match[1]!.startsWith('[') || isIpv6(match[1]!.slice(1, -1));
}
