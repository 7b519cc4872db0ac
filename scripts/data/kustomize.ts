/**
 * Kustomize's own tables: which field of which kind is a name reference, takes a label, holds an image, …, and from the
 * built-in OpenAPI the merge keys, patch strategies and scopes of the built-in kinds. Descriptions, formats and every
 * definition that no strategic merge can reach are left out, so that the file is small and read quickly.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { Recipe } from './recipe.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { group?: string; version: string; kind: string }[];
}

interface Bundle {
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly resources: readonly { apiVersion: string; kind: string; scope?: 'Namespaced' | 'Cluster' }[];
}

/** The short form that `src/engine/kustomize/openapi.ts` reads; its keys are explained there. */
interface Short {
  r?: string;
  p?: Record<string, Short>;
  a?: Short;
  i?: Short;
  s?: string;
  k?: readonly string[];
}

function shorten(schema: Schema): Short {
  const short: Short = {};
  if (schema.$ref !== undefined) short.r = schema.$ref.replace('#/definitions/', '');
  const properties = Object.entries(schema.properties ?? {}).map(([name, value]) => [name, shorten(value)] as const);
  if (properties.length > 0) short.p = Object.fromEntries(properties);
  if (typeof schema.additionalProperties === 'object') short.a = shorten(schema.additionalProperties);
  if (schema.type === 'array' && schema.items !== undefined) short.i = shorten(schema.items);
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (strategy !== undefined) {
    short.s = strategy;
    const key = schema['x-kubernetes-patch-merge-key'];
    short.k = schema['x-kubernetes-list-map-keys'] ?? (key === undefined ? [] : [key]);
  }
  return short;
}

/** Whether a strategic merge behaves differently anywhere below: else the definition need not be kept. */
function matters(name: string, all: Readonly<Record<string, Short>>, known: Map<string, boolean>): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  known.set(name, false);
  const inside = (short: Short | undefined): boolean =>
    short !== undefined &&
    (short.s !== undefined ||
      (short.r !== undefined && matters(short.r, all, known)) ||
      Object.values(short.p ?? {}).some(inside) ||
      inside(short.a) ||
      inside(short.i));
  const answer = inside(all[name]);
  known.set(name, answer);
  return answer;
}

/** Drops properties below which nothing matters; what is absent merges as what is unknown: lists are replaced. */
function prune(short: Short, keep: (name: string) => boolean): Short | undefined {
  const out: Short = {};
  if (short.r !== undefined && keep(short.r)) out.r = short.r;
  for (const [name, value] of Object.entries(short.p ?? {})) {
    const kept = prune(value, keep);
    if (kept !== undefined) out.p = { ...out.p, [name]: kept };
  }
  const a = short.a && prune(short.a, keep);
  if (a !== undefined) out.a = a;
  const i = short.i && prune(short.i, keep);
  if (i !== undefined) out.i = i;
  if (short.s !== undefined) {
    out.s = short.s;
    out.k = short.k ?? [];
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

function openapi(kyaml: string): Record<string, unknown> {
  const folder = join(kyaml, 'openapi/kubernetesapi/data');
  const file = readdirSync(folder).find((name) => name.endsWith('.json.gz'))!;
  const bundle = JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString('utf8')) as Bundle;
  const own = JSON.parse(readFileSync(join(kyaml, 'openapi/kustomizationapi/swagger.json'), 'utf8')) as Bundle;
  const definitions = { ...bundle.definitions, ...own.definitions };
  const all = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, shorten(schema)]));
  const known = new Map<string, boolean>();
  const keep = (name: string): boolean => matters(name, all, known);
  const kept: Record<string, Short> = {};
  const kinds: Record<string, string> = {};
  for (const [name, schema] of Object.entries(definitions)) {
    // A kind that is known counts as one even when nothing below it matters: kinds embedded in it are not looked up.
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      kinds[`${group ? `${group}/` : ''}${version}|${kind}`] = keep(name) ? name : '';
    }
    const pruned = keep(name) ? prune(all[name]!, keep) : undefined;
    if (pruned !== undefined) kept[name] = pruned;
  }
  const scopes: Record<string, boolean> = {};
  for (const { apiVersion, kind, scope } of bundle.resources) {
    if (scope !== undefined) scopes[`${apiVersion}|${kind}`] = scope === 'Namespaced';
  }
  return { kinds, definitions: kept, scopes };
}

/** The kinds whose scope kustomize knows before it reads its OpenAPI: a Go map literal. */
function precomputedScopes(kyaml: string): Record<string, boolean> {
  const source = readFileSync(join(kyaml, 'openapi/openapi.go'), 'utf8');
  const rows = source.matchAll(/\{APIVersion: "([^"]+)", Kind: "([^"]+)"\}:\s*(true|false),/g);
  return Object.fromEntries([...rows].map((row) => [`${row[1]}|${row[2]}`, row[3] === 'true']));
}

/** The string constants of a Go package: `name = `…`` and `name = `…` + other`. */
function fieldSpecs(api: string): unknown {
  const folder = join(api, 'internal/konfig/builtinpluginconsts');
  const constants = new Map<string, readonly string[]>();
  let joined = '';
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))) {
    const source = readFileSync(join(folder, file), 'utf8');
    for (const match of source.matchAll(/^(?:const\s+|\t)(\w+) = ((?:`[^`]*`|\w+)(?:\s*\+\s*(?:`[^`]*`|\w+))*)/gm)) {
      constants.set(match[1]!, match[2]!.match(/`[^`]*`|\w+/g)!);
    }
    if (file === 'defaultconfig.go') joined = source.slice(0, source.indexOf('bytes.Join'));
  }
  const textOf = (name: string): string =>
    constants
      .get(name)!
      .map((part) => (part.startsWith('`') ? part.slice(1, -1) : textOf(part)))
      .join('');
  const names = [...joined.matchAll(/\[\]byte\((\w+)\)/g)].map((match) => match[1]!);
  return parse(names.map(textOf).join('\n'));
}

export const kustomize: Recipe = {
  name: 'kustomize',
  revision: 2,
  modules: [
    { path: 'sigs.k8s.io/kustomize/api', version: 'v0.21.2', sum: 'h1:MRyw+zLnFBP+G40gZJoKZErAuRiOPEPao+ddS9L6xt4=' },
    {
      path: 'sigs.k8s.io/kustomize/kyaml',
      version: 'v0.21.2',
      sum: 'h1:1javwStFk7cgOeLU7yJtPmXcgMEhQgC2X0WjFT6U0p0=',
    },
  ],
  async make([api, kyaml]) {
    const tables = {
      version: 'v5.8.2',
      fieldSpecs: fieldSpecs(api!),
      scopes: precomputedScopes(kyaml!),
      openapi: openapi(kyaml!),
    };
    return { 'kustomize.json': JSON.stringify(tables) };
  },
};
