/**
 * What kustomize knows of kinds: how the lists of each merge, and which kinds have no namespace. The built-in table is
 * made by `scripts/data/kustomize.ts`; `openapi.path` adds a file's definitions.
 *
 * kustomize keeps this knowledge in global state and fills it at its own moments: a custom file is read on its own unless
 * the built-in one was asked for before it. A build here carries the same state along, so that it comes to the same
 * answers in the same order.
 */
import type { SourceFile } from '../ports.ts';
import type { Json } from '../yaml/resolve.ts';
import type { Gvk } from './fieldspec.ts';

/** A schema as far as merging goes. `r` refers to a definition, `p` properties, `a` other properties, `i` items of a
 * list, `s` the patch strategy, `k` the merge keys. What is absent merges as what is unknown: lists are replaced. */
export interface Schema {
  readonly r?: string;
  readonly p?: Readonly<Record<string, Schema>>;
  readonly a?: Schema;
  readonly i?: Schema;
  readonly s?: string;
  readonly k?: readonly string[];
}

export interface OpenApiTables {
  /** `group/version|Kind` → its definition's name; empty when nothing in it merges. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Schema>>;
  /** `group/version|Kind` → whether it has a namespace. */
  readonly scopes: Readonly<Record<string, boolean>>;
}

type BuiltinUse = 'not-asked' | 'asked' | 'loaded';

/** What a finished sub-build left behind, to be taken over where it is reused. */
export interface OpenApiMark {
  readonly builtin: BuiltinUse;
}

export class OpenApi {
  private readonly tables: OpenApiTables;
  private readonly known: Readonly<Record<string, boolean>>;
  private builtin: BuiltinUse = 'not-asked';
  private ready = false;
  private version = '';
  private custom: SourceFile | undefined;
  private readonly sets: OpenApiTables[] = [];
  private readonly precomputed = new Map<Gvk, boolean | 'unknown'>();

  constructor(tables: OpenApiTables, known: Readonly<Record<string, boolean>>) {
    this.tables = tables;
    this.known = known;
  }

  get isCustom(): boolean {
    return this.custom !== undefined || this.version !== '';
  }

  get source(): SourceFile | undefined {
    return this.custom;
  }

  /** Takes a kustomization's `openapi` field; only the first in a build counts. `read` turns the file into tables. */
  set(version: string | undefined, file: SourceFile | undefined, read: (file: SourceFile) => OpenApiTables): void {
    if (this.isCustom) return;
    if (file !== undefined) {
      this.custom = file;
      this.ready = false;
      this.pending = read(file);
      return;
    }
    if (version === undefined || version === '') return;
    this.version = version;
    this.ready = false;
  }

  private pending: OpenApiTables | undefined;

  mark(): OpenApiMark {
    return { builtin: this.builtin };
  }

  /** Brings the state to where a reused sub-build would have brought it. */
  advance(mark: OpenApiMark): void {
    if (mark.builtin === 'loaded') this.init();
    else if (mark.builtin === 'asked' && this.builtin === 'not-asked') this.builtin = 'asked';
  }

  isClusterScoped(gvk: Gvk): boolean {
    let known = this.precomputed.get(gvk);
    if (known === undefined) {
      known = this.known[kindKey(gvk)] ?? 'unknown';
      this.precomputed.set(gvk, known);
    }
    if (known !== 'unknown') return !known;
    const key = kindKey(gvk);
    if (!this.ready) {
      if (this.isCustom) this.init();
      else if (this.builtin === 'not-asked') this.builtin = 'asked';
    }
    for (const set of this.sets) {
      const scope = set.scopes[key];
      if (scope !== undefined) return !scope;
    }
    return false;
  }

  schemaFor(apiVersion: string, kind: string): Schema | undefined {
    this.init();
    const key = `${apiVersion}|${kind}`;
    for (const set of this.sets) {
      const name = set.kinds[key];
      if (name !== undefined) return name === '' ? {} : this.definition(name);
    }
    return undefined;
  }

  field(schema: Schema, name: string): Schema | undefined {
    const found = (Object.hasOwn(schema.p ?? {}, name) ? schema.p![name] : undefined) ?? schema.a;
    return found === undefined ? undefined : this.resolve(found);
  }

  items(schema: Schema): Schema | undefined {
    return schema.i === undefined ? undefined : this.resolve(schema.i);
  }

  private resolve(schema: Schema): Schema | undefined {
    let here: Schema | undefined = schema;
    for (let hops = 0; here?.r !== undefined; hops++) {
      if (hops > 100) return undefined;
      here = this.definition(here.r);
    }
    return here;
  }

  private definition(name: string): Schema | undefined {
    for (const set of this.sets) if (Object.hasOwn(set.definitions, name)) return set.definitions[name];
    return undefined;
  }

  private init(): void {
    if (this.ready) return;
    this.ready = true;
    if (this.pending !== undefined) this.sets.unshift(this.pending);
    this.pending = undefined;
    if (this.custom === undefined || this.builtin === 'asked') {
      if (this.builtin !== 'loaded') this.sets.unshift(this.tables);
      this.builtin = 'loaded';
    }
  }
}

function kindKey({ group, version, kind }: Gvk): string {
  return `${group === '' ? '' : `${group}/`}${version}|${kind}`;
}

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The tables of an OpenAPI document (swagger 2.0, as `kustomize openapi fetch` writes it). */
export function readOpenApi(document: Json): OpenApiTables {
  const definitions: Record<string, Schema> = Object.create(null);
  const kinds: Record<string, string> = Object.create(null);
  const scopes: Record<string, boolean> = Object.create(null);
  const all = isObject(document) ? document.definitions : undefined;
  for (const [name, schema] of Object.entries(isObject(all) ? all : {})) {
    definitions[name] = shorten(schema);
    const gvks = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
    for (const gvk of Array.isArray(gvks) ? gvks : []) if (isObject(gvk)) kinds[keyOfExtension(gvk)] = name;
  }
  const paths = isObject(document) ? document.paths : undefined;
  for (const [path, methods] of Object.entries(isObject(paths) ? paths : {})) {
    const read = isObject(methods) ? methods.get : undefined;
    const gvk = isObject(read) ? read['x-kubernetes-group-version-kind'] : undefined;
    if (!isObject(gvk)) continue;
    const key = keyOfExtension(gvk);
    if (path.includes('namespaces/{namespace}')) scopes[key] = true;
    else scopes[key] ??= false;
  }
  return { definitions, kinds, scopes };
}

function keyOfExtension(gvk: JsonObject): string {
  const text = (key: string): string => (typeof gvk[key] === 'string' ? gvk[key] : '');
  return kindKey({ group: text('group'), version: text('version'), kind: text('kind') });
}

function shorten(schema: Json): Schema {
  if (!isObject(schema)) return {};
  const out: { -readonly [K in keyof Schema]: Schema[K] } = {};
  const ref = schema.$ref;
  if (typeof ref === 'string') out.r = ref.replace('#/definitions/', '');
  const properties = schema.properties;
  if (isObject(properties)) {
    const p: Record<string, Schema> = Object.create(null);
    for (const [name, value] of Object.entries(properties)) p[name] = shorten(value);
    out.p = p;
  }
  const rest = schema.additionalProperties;
  if (isObject(rest)) out.a = shorten(rest);
  const { type, items } = schema;
  if ((type === 'array' || (Array.isArray(type) && type.length === 1 && type[0] === 'array')) && isObject(items)) {
    out.i = shorten(items);
  }
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (typeof strategy === 'string') {
    out.s = strategy;
    const keys = schema['x-kubernetes-list-map-keys'];
    const key = schema['x-kubernetes-patch-merge-key'];
    if (Array.isArray(keys)) out.k = keys.filter((each) => typeof each === 'string');
    else out.k = typeof key === 'string' ? [key] : [];
  }
  return out;
}
