/**
 * The string formats that the API server checks. A format that it does not know is no constraint there, and none here.
 * Each function answers whether the text is fine.
 */
type Check = (text: string) => boolean;

const formats: { readonly [name: string]: Check } = {
  'date-time': (text) =>
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[-+]\d\d:\d\d)$/.test(
      text,
    ),
  date: (text) => /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text),
  duration: (text) => isGoDuration(text) || /^\s*\d+\s*[a-zA-Zµ]+\s*$/.test(text),
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(text),
  quantity: (text) => /^[-+]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?$/.test(text),
  ipv4: isIpv4,
  ipv6: (text) => text.includes(':') && /^[0-9a-fA-F:.]{2,45}$/.test(text),
  cidr: (text) => /^[0-9a-fA-F:.]+\/\d{1,3}$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  // Kubernetes' own, which its schemas do not spell as formats.
  'dns-label': isDnsLabel,
  'dns-label-or-empty': (text) => text === '' || isDnsLabel(text),
  'dns-name': (text) => text === '' || isDnsName(text),
  'host-pattern': (text) => text === '' || isDnsName(text.replace(/^\*\./, '')),
  'port-name': (text) =>
    text === '' || (text.length <= 15 && /^[a-z0-9-]*[a-z][a-z0-9-]*$/.test(text) && isDnsLabel(text)),
};

function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

function isDnsName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}

/** Whether `text` has the format; true for formats that are not checked. */
export function hasFormat(format: string, text: string): boolean {
  return !Object.hasOwn(formats, format) || formats[format]!(text);
}

/** What a person should write instead. */
export const formatHints: { readonly [name: string]: string } = {
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  duration: 'a duration such as 1h30m',
  byte: 'base64 text',
  quantity: 'a quantity such as 500m or 1Gi',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidr: 'an address range such as 10.0.0.0/16',
  uuid: 'a UUID',
  email: 'an e-mail address',
  'dns-label': 'a name of lower-case letters, digits and "-"',
  'dns-label-or-empty': 'a name of lower-case letters, digits and "-"',
  'dns-name': 'a name of lower-case letters, digits, "-" and "."',
  'host-pattern': 'a host name, perhaps with "*." in front',
  'port-name': 'a name of at most 15 lower-case letters, digits and "-"',
};

/** What Go's time.ParseDuration reads. */
function isGoDuration(text: string): boolean {
  return /^[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text) || /^[-+]?0$/.test(text);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Ranges of the integer formats, which the server cannot decode beyond. */
export const integerRanges: { readonly [format: string]: readonly [min: bigint, max: bigint] } = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};
