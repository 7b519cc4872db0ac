/**
 * Dates in plain scalars. yaml.v3 decodes `2020-01-01` into a time, which JSON then writes in full; yaml.v2 recognises
 * the same texts and keeps them, but quotes strings that look like them. Go's four layouts, with its leniencies:
 * one-digit months, days, hours, minutes and seconds, and a comma for the fraction's point.
 */

const layout =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d{2}:\d{2})| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?)?$/;

/** The text as Go's JSON writes the time (`2020-01-01T00:00:00Z`); undefined when it is no timestamp. */
export function timestamp(text: string): string | undefined {
  if (text.charCodeAt(4) !== 0x2d) return undefined;
  const match = layout.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hourT, minuteT, secondT, fractionT, zone, hourS, minuteS, secondS, fractionS] = match;
  const hour = Number(hourT ?? hourS ?? 0);
  const minute = Number(minuteT ?? minuteS ?? 0);
  const second = Number(secondT ?? secondS ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || !isDay(Number(year), Number(month), Number(day))) return undefined;
  const offset = zoneText(zone ?? 'Z');
  if (offset === undefined) return undefined;
  const fraction = (fractionT ?? fractionS ?? '').slice(0, 9).replace(/0+$/, '');
  const two = (value: number | string | undefined) => String(Number(value)).padStart(2, '0');
  const time = `${two(hour)}:${two(minute)}:${two(second)}${fraction === '' ? '' : `.${fraction}`}`;
  return `${year}-${two(month)}-${two(day)}T${time}${offset}`;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= days[month - 1]!;
}

function zoneText(zone: string): string | undefined {
  if (zone === 'Z') return zone;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 24 || minutes > 60) return undefined;
  return hours === 0 && minutes === 0 ? 'Z' : zone;
}
