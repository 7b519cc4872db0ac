/**
 * The digests by which helm-controller knows a release again: of the stored revision, of its values, and of what a
 * HelmRelease asks of the post renderers. Each is SHA-256 over text as Go writes it, so the fields stand in the order of
 * Go's structs here, and texts are escaped as Go escapes them.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { at, isObject, type JsonObject, listAt } from '../status/fields.ts';
import { byCodePoint } from '../yaml/order.ts';
import { marshalByCodePoint } from '../yaml/print.ts';
import type { Json } from '../yaml/resolve.ts';

/** Of a revision as it is stored. Test hooks do not count: anybody may run them. */
export function releaseDigest(record: JsonObject, ociDigest: string): string {
  const hooks = listAt(record, 'hooks').filter((hook) => !listAt(hook, 'events').includes('test'));
  const text = struct(record, [
    ['name', always('')],
    ['version', always(0)],
    ['info', (info) => struct(info, infoFields)],
    ['chartMetadata', () => struct(at(record, 'chart', 'metadata'), metadataFields)],
    ['config', (config) => (isEmpty(config) ? 'null' : goJson(config!))],
    ['manifest', always('')],
    ['hooks', () => (hooks.length === 0 ? 'null' : `[${hooks.map((hook) => struct(hook, hookFields)).join(',')}]`)],
    ['namespace', always('')],
    ['ociDigest', () => (ociDigest === '' ? undefined : goJson(ociDigest))],
  ]);
  return digestOf(`${text}\n`);
}

/** Of a release's values; none and empty ones are the same. */
export function configDigest(config: Json | undefined): string {
  return digestOf(isEmpty(config) ? '' : marshalByCodePoint(exact(config!)));
}

/** Go writes a float that has no fraction and fits into 64 bits as that integer, digit for digit. */
function exact(value: Json): Json {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 64 ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(exact);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, exact(one)]));
}

/** Of `spec.postRenderers`; empty where there are none. */
export function postRenderersDigest(spec: Json | undefined): string {
  const list = at(spec, 'postRenderers');
  if (!Array.isArray(list)) return '';
  return digestOf(`[${list.map((one) => struct(one, postRendererFields)).join(',')}]\n`);
}

/** Of `spec.commonMetadata`; empty where there is none. */
export function commonMetadataDigest(spec: Json | undefined): string {
  const common = at(spec, 'commonMetadata');
  if (!isObject(common)) return '';
  const fields: readonly Field[] = [
    ['annotations', filled],
    ['labels', filled],
  ];
  return digestOf(`${struct(common, fields)}\n`);
}

function digestOf(text: string): string {
  return `sha256:${bytesToHex(sha256(utf8ToBytes(text)))}`;
}

/** A field of a Go struct, and its value as text; undefined leaves it out. */
type Field = readonly [name: string, text: (value: Json | undefined) => string | undefined];

function struct(value: Json | undefined, fields: readonly Field[]): string {
  const texts = fields.flatMap(([name, text]) => {
    const written = text(at(value, name));
    return written === undefined ? [] : [`"${name}":${written}`];
  });
  return `{${texts.join(',')}}`;
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** `omitempty`. */
function filled(value: Json | undefined): string | undefined {
  return isEmpty(value) ? undefined : goJson(value!);
}

function always(zero: string | number): (value: Json | undefined) => string {
  return (value) => goJson(value ?? zero);
}

function listOf(fields: readonly Field[]): Field[1] {
  return (value) => {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    return `[${value.map((one) => (one === null ? 'null' : struct(one, fields))).join(',')}]`;
  };
}

/** A time as Go prints it again: no zeros at the end of the fraction, `Z` for no offset; the zero time is left out. */
function time(value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || value === '' || value.startsWith('0001-01-01T00:00:00')) return undefined;
  const short = value.replace(/(\.\d*?)0+(?=[Z+-])/, '$1').replace(/\.(?=[Z+-])/, '');
  return goJson(short.replace(/[+-]00:00$/, 'Z'));
}

const infoFields: readonly Field[] = [
  ['first_deployed', time],
  ['last_deployed', time],
  ['deleted', time],
  ['description', filled],
  ['status', filled],
  ['notes', filled],
];

const dependencyFields: readonly Field[] = [
  ['name', always('')],
  ['version', filled],
  ['repository', always('')],
  ['condition', filled],
  ['tags', filled],
  ['enabled', filled],
  ['import-values', filled],
  ['alias', filled],
];

const maintainerFields: readonly Field[] = [
  ['name', filled],
  ['email', filled],
  ['url', filled],
];

const metadataFields: readonly Field[] = [
  ['name', filled],
  ['home', filled],
  ['sources', filled],
  ['version', filled],
  ['description', filled],
  ['keywords', filled],
  ['maintainers', listOf(maintainerFields)],
  ['icon', filled],
  ['apiVersion', filled],
  ['condition', filled],
  ['tags', filled],
  ['appVersion', filled],
  ['deprecated', filled],
  ['annotations', filled],
  ['kubeVersion', filled],
  ['dependencies', listOf(dependencyFields)],
  ['type', filled],
];

const hookFields: readonly Field[] = [
  ['name', filled],
  ['kind', filled],
  ['path', filled],
  ['manifest', filled],
  ['events', filled],
  [
    'last_run',
    (run) =>
      struct(run, [
        ['started_at', time],
        ['completed_at', time],
        ['phase', always('')],
      ]),
  ],
  ['weight', filled],
  ['delete_policies', filled],
  ['output_log_policies', filled],
];

const selectorFields: readonly Field[] = [
  ['group', filled],
  ['version', filled],
  ['kind', filled],
  ['namespace', filled],
  ['name', filled],
  ['annotationSelector', filled],
  ['labelSelector', filled],
];

const patchFields: readonly Field[] = [
  ['patch', always('')],
  ['target', (target) => (isObject(target) ? struct(target, selectorFields) : undefined)],
];

const imageFields: readonly Field[] = [
  ['name', always('')],
  ['newName', filled],
  ['newTag', filled],
  ['digest', filled],
];

const kustomizeFields: readonly Field[] = [
  ['patches', listOf(patchFields)],
  ['images', listOf(imageFields)],
];

const postRendererFields: readonly Field[] = [
  ['kustomize', (value) => (isObject(value) ? struct(value, kustomizeFields) : undefined)],
];

/** A value as Go's encoding/json writes it: a map's keys sorted by code point, `<`, `>` and `&` escaped. */
function goJson(value: Json): string {
  if (typeof value === 'string') return goString(value);
  // Go reads every number of a record as a float.
  if (typeof value === 'bigint') return String(Number(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => byCodePoint(a, b));
  return `{${entries.map(([key, one]) => `${goString(key)}:${goJson(one)}`).join(',')}}`;
}

function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
