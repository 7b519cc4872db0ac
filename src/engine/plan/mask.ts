/**
 * Secrets out of sight, with what changed still in it: key names, whether a value changed, how long it is.
 *
 * As kubectl diff and flux diff: a value that stays is `***`, one that changes `*** (before)` and `*** (after)`, with its
 * length beside. Values that substitution or Helm took from a Secret are masked wherever they land, and so is the live
 * value at the same place, which was such a value once.
 */
import { formsOf, hideForms, hidden as maskText } from '../objects/hide.ts';
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { decodeBase64 } from './text.ts';

export interface Masked {
  readonly before?: Json;
  readonly after?: Json;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** What to look for: values that are in the object, and values that were in it before, so that they count on that side only. */
export interface Known {
  readonly now?: readonly string[];
  readonly before?: readonly string[];
}

export function mask(before: Json | undefined, after: Json | undefined, secrets: Known = {}): Masked {
  let [a, b] = [before, after];
  const now = formsOf(secrets.now ?? []);
  const known: Forms = { now, before: formsOf([...(secrets.now ?? []), ...(secrets.before ?? [])]) };
  if (isSecret(a) || isSecret(b)) [a, b] = maskSecret(a, b);
  // kubectl's annotation holds what was there at some time, so also values that nobody knows any more.
  else if (known.before.length > 0) [a, b] = [maskLastApplied(a), maskLastApplied(b)];
  if (known.before.length > 0) [a, b] = maskKnown(a, b, known);
  return { ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) };
}

interface Forms {
  readonly now: readonly string[];
  readonly before: readonly string[];
}

function isSecret(object: Json | undefined): boolean {
  return stringAt(object, 'kind') === 'Secret' && stringAt(object, 'apiVersion') === 'v1';
}

function maskSecret(before: Json | undefined, after: Json | undefined): [Json | undefined, Json | undefined] {
  let [a, b] = [before, after];
  for (const field of ['data', 'stringData']) {
    const [x, y] = [valueAt(a, field), valueAt(b, field)];
    if (x !== undefined) a = { ...(a as JsonObject), [field]: maskData(x, y, 'before', field === 'data') };
    if (y !== undefined) b = { ...(b as JsonObject), [field]: maskData(y, x, 'after', field === 'data') };
  }
  // A note beside the data may quote it.
  const own = formsOf([...secretsIn(before ?? null), ...secretsIn(after ?? null)].filter(isTelling));
  return [maskAnnotations(maskLastApplied(a), own), maskAnnotations(maskLastApplied(b), own)];
}

/** Shorter values are words that stand anywhere: a user's name, a host. */
function isTelling(text: string): boolean {
  return text.length >= 8;
}

function maskAnnotations(object: Json | undefined, known: readonly string[]): Json | undefined {
  if (!isObject(object) || !isObject(object.metadata) || !isObject(object.metadata.annotations)) return object;
  const annotations = maskValue(object.metadata.annotations, known)!;
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function valueAt(object: Json | undefined, field: string): Json | undefined {
  return isObject(object) ? object[field] : undefined;
}

function maskData(data: Json, other: Json | undefined, side: 'before' | 'after', base64: boolean): Json {
  if (!isObject(data)) return data === null ? null : maskText;
  const out: Record<string, Json> = Object.create(null);
  for (const [key, value] of Object.entries(data)) {
    const there = isObject(other) ? other[key] : undefined;
    if (there === value) out[key] = maskText;
    else out[key] = `${maskText} (${side}, ${lengthOf(value, base64)})`;
  }
  return out;
}

function lengthOf(value: Json, base64: boolean): string {
  const text = typeof value === 'string' ? value.replace(/\s/g, '') : String(value);
  const bytes = base64 ? Math.floor((text.replace(/=+$/, '').length * 3) / 4) : utf8Length(text);
  return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** kubectl's annotation holds the whole Secret in the clear. */
function maskLastApplied(object: Json | undefined): Json | undefined {
  if (!isObject(object) || !isObject(object.metadata) || !isObject(object.metadata.annotations)) return object;
  if (object.metadata.annotations[lastApplied] === undefined) return object;
  const annotations = { ...object.metadata.annotations, [lastApplied]: maskText };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function maskKnown(
  before: Json | undefined,
  after: Json | undefined,
  known: Forms,
): [Json | undefined, Json | undefined] {
  if (isObject(before) && isObject(after)) {
    const [a, b]: [Record<string, Json>, Record<string, Json>] = [Object.create(null), Object.create(null)];
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [x, y] = maskKnown(before[key], after[key], known);
      if (x !== undefined) a[hideForms(key, after[key] === undefined ? known.before : known.now)] = x;
      if (y !== undefined) b[hideForms(key, known.now)] = y;
    }
    return [a, b];
  }
  if (Array.isArray(before) && Array.isArray(after)) return maskLists(before, after, known);
  // What stays as it is has been looked at as it will be.
  const [a, b] = [maskValue(before, before === after ? known.now : known.before), maskValue(after, known.now)];
  const hidden =
    (b !== after || a !== before) &&
    before !== undefined &&
    after !== undefined &&
    !isContainer(before) &&
    !isContainer(after);
  if (!hidden) return [a, b];
  if (before === after) return [maskText, maskText];
  // Where only the old value was a secret, the new one may be seen; the old one stands where the new one was one.
  const told = b === after ? after : `${maskText} (after, ${lengthOf(after, false)})`;
  return [`${maskText} (before, ${lengthOf(before, false)})`, told];
}

function maskLists(before: readonly Json[], after: readonly Json[], known: Forms): [Json, Json] {
  const named = (item: Json | undefined) => (isObject(item) ? item.name : undefined);
  const partner = (item: Json, index: number, others: readonly Json[]) =>
    named(item) === undefined ? others[index] : others.find((other) => named(other) === named(item));
  // Texts of a list move: beside one that is a secret, every text that goes may have been it.
  const holds = after.some((item) => !isContainer(item) && maskValue(item, known.now) !== item);
  const goes = (item: Json) => holds && typeof item === 'string' && !after.includes(item);
  return [
    before.map((item, index) =>
      goes(item)
        ? `${maskText} (before, ${lengthOf(item, false)})`
        : maskKnown(item, partner(item, index, after), known)[0]!,
    ),
    after.map((item, index) => maskKnown(partner(item, index, before), item, known)[1]!),
  ];
}

function isContainer(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null;
}

function maskValue(value: Json | undefined, known: readonly string[]): Json | undefined {
  if (value === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskValue(item, known)!);
  if (isObject(value)) {
    const out: Record<string, Json> = Object.create(null);
    for (const [key, item] of Object.entries(value)) out[hideForms(key, known)] = maskValue(item, known)!;
    return out;
  }
  if (typeof value === 'string') return hideForms(value, known);
  return known.includes(String(value)) ? maskText : value;
}

/** Every value in a Secret, encoded and plain: what must not show in a message about it. */
export function secretsIn(object: Json): readonly string[] {
  if (!isSecret(object)) return [];
  const out: string[] = [];
  for (const field of ['data', 'stringData']) {
    const data = valueAt(object, field);
    if (!isObject(data)) continue;
    for (const value of Object.values(data)) {
      if (typeof value !== 'string') continue;
      out.push(value);
      const plain = field === 'data' ? decodeBase64(value) : undefined;
      if (plain !== undefined) out.push(plain);
    }
  }
  return out;
}
