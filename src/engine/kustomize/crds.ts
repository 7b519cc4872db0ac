/** `crds`: OpenAPI definitions of custom kinds, from which labels, annotations, names and references are learned. */
import type { Json } from '../yaml/resolve.ts';
import { type Config, configFrom } from './config.ts';
import { type FieldSpec, fieldSpec, type Gvk } from './fieldspec.ts';

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Found {
  readonly commonAnnotations: FieldSpec[];
  readonly commonLabels: FieldSpec[];
  readonly namePrefix: FieldSpec[];
  readonly references: { readonly target: Gvk; readonly referrers: readonly FieldSpec[] }[];
}

/** The configuration that a file of definitions (`{ name: { Schema, Dependencies } }`) amounts to. */
export function readCrds(document: Json): Config {
  const found: Found = { commonAnnotations: [], commonLabels: [], namePrefix: [], references: [] };
  const definitions = isObject(document) ? document : {};
  for (const name of Object.keys(definitions).sort()) {
    const properties = propertiesOf(definitions[name]);
    if (!['kind', 'apiVersion', 'metadata'].every((key) => Object.hasOwn(properties, key))) continue;
    const kind = name.slice(name.lastIndexOf('.') + 1);
    collect(definitions, name, { kind, path: [], visited: [] }, found);
  }
  return configFrom(found, found.references);
}

function fieldOf(object: Json | undefined, name: string): Json | undefined {
  if (!isObject(object)) return undefined;
  const key = Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function propertiesOf(definition: Json | undefined): JsonObject {
  const properties = fieldOf(fieldOf(definition, 'schema'), 'properties');
  return isObject(properties) ? properties : {};
}

interface Walk {
  readonly kind: string;
  readonly path: readonly string[];
  readonly visited: readonly string[];
}

function collect(definitions: JsonObject, name: string, walk: Walk, found: Found): void {
  if (walk.visited.includes(name)) return;
  const properties = propertiesOf(definitions[name]);
  for (const key of Object.keys(properties).sort()) {
    const property = properties[key];
    if (!isObject(property)) continue;
    const path = [...walk.path, key];
    const at = (...more: readonly string[]): FieldSpec =>
      fieldSpec([...path, ...more].join('/'), false, { kind: walk.kind });
    const text = (extension: string): string | undefined => {
      const value = fieldOf(property, extension);
      return typeof value === 'string' ? value : undefined;
    };
    if (text('x-kubernetes-annotation') !== undefined) found.commonAnnotations.push(at());
    if (text('x-kubernetes-label-selector') !== undefined) found.commonLabels.push(at());
    if (text('x-kubernetes-identity') !== undefined) found.namePrefix.push(at());
    const version = text('x-kubernetes-object-ref-api-version');
    const kind = text('x-kubernetes-object-ref-kind');
    if (version !== undefined && kind !== undefined) {
      const nameKey = text('x-kubernetes-object-ref-name-key') ?? 'name';
      found.references.push({ target: { group: '', version, kind }, referrers: [at(nameKey)] });
    }
    const ref = property.$ref;
    if (typeof ref === 'string') collect(definitions, ref, { ...walk, path, visited: [...walk.visited, name] }, found);
  }
}
