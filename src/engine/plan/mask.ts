/**
 * Secrets out of sight, with what changed still in it: key names, whether a value changed, how long it is.
 *
 * As kubectl diff and flux diff: a value that stays is `***`, one that changes `*** (before)` and `*** (after)`, with its
 * length beside. Values that substitution or Helm took from a Secret are masked wherever they land, and so is the live
 * value at the same place, which was such a value once.
 */
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { decodeBase64, encodeBase64 } from './text.ts';

export interface Masked {
  readonly before?: Json;
  readonly after?: Json;
}

export const maskText = '***';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function mask(before: Json | undefined, after: Json | undefined, secrets: readonly string[] = []): Masked {
  let [a, b] = [before, after];
  if (isSecret(a) || isSecret(b)) [a, b] = maskSecret(a, b);
  const known = forms(secrets);
  if (known.length > 0) [a, b] = maskKnown(a, b, known);
  return { ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) };
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
  return [maskLastApplied(a), maskLastApplied(b)];
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

/** A secret as it may appear: itself, its lines, and base64 of it. Longest first, so that parts do not spoil the whole. */
function forms(secrets: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (const secret of secrets) {
    if (secret.trim() === '') continue;
    all.add(secret);
    all.add(secret.trim());
    all.add(encodeBase64(secret));
    // Inside JSON text, as in kubectl's annotation.
    all.add(JSON.stringify(secret).slice(1, -1));
    const lines = secret.split('\n').map((line) => line.trim());
    if (lines.length > 1) for (const line of lines) if (line.length >= wholeOnly) all.add(line);
  }
  return [...all].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

/** Below this length a secret is masked only where it is the whole value: masking every `1` would hide everything. */
const wholeOnly = 4;

function maskKnown(
  before: Json | undefined,
  after: Json | undefined,
  known: readonly string[],
): [Json | undefined, Json | undefined] {
  if (isObject(before) && isObject(after)) {
    const [a, b]: [Record<string, Json>, Record<string, Json>] = [Object.create(null), Object.create(null)];
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [x, y] = maskKnown(before[key], after[key], known);
      if (x !== undefined) a[redact(key, known)] = x;
      if (y !== undefined) b[redact(key, known)] = y;
    }
    return [a, b];
  }
  if (Array.isArray(before) && Array.isArray(after)) return maskLists(before, after, known);
  const [a, b] = [maskValue(before, known), maskValue(after, known)];
  const hidden = b !== after && before !== undefined && !isContainer(before) && !isContainer(after);
  if (!hidden) return [a, b];
  if (before === after) return [maskText, maskText];
  return [`${maskText} (before, ${lengthOf(before, false)})`, `${maskText} (after, ${lengthOf(after!, false)})`];
}

function maskLists(before: readonly Json[], after: readonly Json[], known: readonly string[]): [Json, Json] {
  const named = (item: Json | undefined) => (isObject(item) ? item.name : undefined);
  const partner = (item: Json, index: number, others: readonly Json[]) =>
    named(item) === undefined ? others[index] : others.find((other) => named(other) === named(item));
  return [
    before.map((item, index) => maskKnown(item, partner(item, index, after), known)[0]!),
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
    for (const [key, item] of Object.entries(value)) out[redact(key, known)] = maskValue(item, known)!;
    return out;
  }
  if (typeof value === 'string') return redact(value, known);
  return known.includes(String(value)) ? maskText : value;
}

function redact(text: string, known: readonly string[]): string {
  let out = text;
  for (const secret of known) {
    if (out === secret) return maskText;
    if (secret.length >= wholeOnly) out = out.replaceAll(secret, maskText);
  }
  return out;
}

/** A message (a server's, say) without any of the secrets of an object. */
export function redactMessage(message: string, secrets: readonly string[]): string {
  return redact(message, forms(secrets));
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
