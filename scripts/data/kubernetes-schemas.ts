/**
 * Kubernetes' own kinds, from the OpenAPI v3 documents that the project publishes with each release. Those leave out
 * the enumerations, which the API server's generated definitions have; both come from the same module.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackKind } from '../../src/engine/schema/pack.ts';
import { writePack } from './pack.ts';
import type { Recipe } from './recipe.ts';

interface Json {
  [key: string]: unknown;
  $ref?: string;
  format?: string;
  enum?: readonly string[];
  items?: unknown;
  properties?: unknown;
}

interface OpenApi {
  readonly paths?: Record<string, { readonly post?: { readonly 'x-kubernetes-group-version-kind'?: Gvk } }>;
  readonly components?: { readonly schemas?: Record<string, Json> };
}

interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const prefix = '#/components/schemas/';

export const kubernetesSchemas: Recipe = {
  name: 'kubernetes-schemas',
  revision: 1,
  modules: [{ path: 'k8s.io/kubernetes', version: 'v1.36.3', sum: 'h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=' }],
  async make([folder]) {
    const specs = join(folder!, 'api/openapi-spec/v3');
    const files = readdirSync(specs).sort();
    const documents = files.map((name) => JSON.parse(readFileSync(join(specs, name), 'utf8')) as OpenApi);
    const published: Record<string, Json> = Object.assign({}, ...documents.map((d) => d.components?.schemas ?? {}));
    const enums = enumerations(readFileSync(join(folder!, 'pkg/generated/openapi/zz_generated.openapi.go'), 'utf8'));
    const kinds = withSuccessors(documents.flatMap((document) => kindsOf(document, published)));
    const definitions = new Map<string, unknown>();
    for (const kind of kinds) reach(kind.definition);
    return {
      'kubernetes-schemas.pack': writePack(kinds, definitions),
      'kubernetes-schemas.notice': notice,
    };

    function reach(name: string): void {
      if (definitions.has(name)) return;
      const schema = published[name];
      if (schema === undefined) throw new Error(`no definition of ${name}`);
      const compact: Json = {};
      definitions.set(name, compact); // Before its parts are reached: some definitions contain themselves.
      Object.assign(compact, simplify(schema, reach));
      addEnumerations(compact, enums.get(name));
      // A quantity is a string or a number whose text has a form of its own; the published schema does not say so.
      if (name === 'io.k8s.apimachinery.pkg.api.resource.Quantity') compact.format = 'quantity';
    }
  },
};

/** Every kind that can be created through a path of this document. */
function kindsOf(document: OpenApi, published: Record<string, Json>): readonly PackKind[] {
  const kinds = new Map<string, PackKind>();
  for (const [path, { post }] of Object.entries(document.paths ?? {})) {
    const match = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(namespaces\/\{namespace\}\/)?([a-z]+)$/.exec(path);
    const gvk = post?.['x-kubernetes-group-version-kind'];
    if (match === null || gvk === undefined) continue;
    const definition = Object.keys(published).find((name) => isFor(published[name]!, gvk));
    if (definition === undefined) throw new Error(`no definition for ${gvk.group}/${gvk.version} ${gvk.kind}`);
    const known = kinds.get(gvk.kind);
    const namespaced = match[1] !== undefined || known?.namespaced === true;
    kinds.set(gvk.kind, { ...gvk, plural: match[2]!, namespaced, definition });
  }
  return [...kinds.values()];
}

function isFor(schema: Json, gvk: Gvk): boolean {
  const list = schema['x-kubernetes-group-version-kind'] as readonly Gvk[] | undefined;
  return (
    list?.length === 1 && list[0]!.group === gvk.group && list[0]!.version === gvk.version && list[0]!.kind === gvk.kind
  );
}

/** v1 succeeds every alpha and beta of the same kind. */
function withSuccessors(kinds: readonly PackKind[]): readonly PackKind[] {
  return kinds.map((kind) => {
    if (!/alpha|beta/.test(kind.version)) return kind;
    const stable = kinds.find((k) => k.group === kind.group && k.kind === kind.kind && !/alpha|beta/.test(k.version));
    return stable === undefined ? kind : { ...kind, successor: stable.version };
  });
}

const dropped = new Set([
  'x-kubernetes-group-version-kind',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-unions',
  'x-kubernetes-map-type',
]);

/** The schema without what no reader asks for; a reference becomes the definition's bare name. */
function simplify(schema: Json, reach: (name: string) => void): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (dropped.has(key) || (key === 'default' && typeof value === 'object')) continue;
    if (key === '$ref') {
      const name = (value as string).slice(prefix.length);
      reach(name);
      out.$ref = name;
    } else if (key === 'allOf' && (value as readonly Json[]).length === 1) {
      Object.assign(out, simplify((value as readonly Json[])[0]!, reach));
    } else if (key === 'properties') {
      const entries = Object.entries(value as Record<string, Json>);
      out[key] = Object.fromEntries(entries.map(([name, property]) => [name, simplify(property, reach)]));
    } else if (key === 'items' || key === 'additionalProperties') {
      out[key] = typeof value === 'object' ? simplify(value as Json, reach) : value;
    } else {
      out[key] = value;
    }
  }
  return out;
}

type Enumerations = ReadonlyMap<string, { readonly inItems: boolean; readonly values: readonly string[] }>;

/** Definition → property → its values, read from the generated Go file line by line. */
function enumerations(go: string): ReadonlyMap<string, Enumerations> {
  const found = new Map<string, Map<string, { inItems: boolean; values: string[] }>>();
  let definition = '';
  let property = '';
  for (const line of go.split('\n')) {
    const start = /^func schema_k8sio_api_([a-z0-9]+)_(v[a-z0-9]+)_(\w+)\(/.exec(line);
    if (line.startsWith('func ')) {
      definition = start === null ? '' : `io.k8s.api.${start[1]}.${start[2]}.${start[3]}`;
      continue;
    }
    property = /^\t{5}"([^"]+)": \{$/.exec(line)?.[1] ?? property;
    const values = /^(\t+)Enum:\s+\[\]interface\{\}\{(.*)\},$/.exec(line);
    if (definition === '' || values === null) continue;
    const properties = found.get(definition) ?? new Map();
    properties.set(property, { inItems: values[1]!.length > 7, values: JSON.parse(`[${values[2]}]`) });
    found.set(definition, properties);
  }
  return found;
}

function addEnumerations(schema: Json, enums: Enumerations | undefined): void {
  const properties = (schema.properties ?? {}) as Record<string, Json>;
  for (const [name, { inItems, values }] of enums ?? []) {
    const property = properties[name];
    if (property === undefined) continue;
    const target = inItems ? (property.items as Json | undefined) : property;
    if (target !== undefined) target.enum = values;
  }
}

const notice = `kubernetes-schemas.pack
The schemas of Kubernetes' built-in kinds, by the Kubernetes authors, under the Apache License 2.0 (see LICENSE).
`;
