/** The parts of schemas that references lead to: resources by their `$id`, anchors in them, and paths. */
import type { Json } from '../yaml/resolve.ts';

export type Schema = boolean | { readonly [keyword: string]: Json };

/** A schema with an identifier of its own, or a whole file. */
export interface Resource {
  readonly id: string;
  readonly root: Schema;
  /** Up to draft 7 a format is a rule and nothing is unevaluated; in later drafts it is the other way round. */
  readonly isEarly: boolean;
  readonly anchors: Map<string, Schema>;
  readonly dynamic: Map<string, Schema>;
}

const maxDepth = 400;
const file = 'file:///values.schema.json';

export class Resources {
  private readonly byId = new Map<string, Resource>();
  private readonly owners = new WeakMap<object, Resource>();

  /** A file's schema, with all that it defines. */
  add(schema: Json): void {
    this.collect(schema, undefined, 0);
  }

  /** The resource that a schema stands in. */
  of(schema: Schema): Resource {
    const known = typeof schema === 'object' ? this.owners.get(schema) : undefined;
    return known ?? { id: file, root: schema, isEarly: false, anchors: new Map(), dynamic: new Map() };
  }

  find(reference: string, from: Resource): Resource | undefined {
    return this.byId.get(reference) ?? this.byId.get(join(from.id, reference));
  }

  /** The file that a reference out of a chart's own schema would be read from, where it is one. */
  fileOf(reference: string, from: Resource): string | undefined {
    return /^file:\/\/(\/.*)/.exec(join(from.id, reference))?.[1];
  }

  private collect(schema: Json, outer: Resource | undefined, depth: number): void {
    if (typeof schema !== 'object' || schema === null || depth > maxDepth) return;
    const resource = Array.isArray(schema) ? outer : this.resourceOf(schema as Exclude<Schema, boolean>, outer);
    if (resource !== undefined) this.owners.set(schema, resource);
    for (const [key, value] of Object.entries(schema)) {
      if (typeof value === 'string' && key === '$anchor') resource?.anchors.set(value, schema as Schema);
      if (typeof value === 'string' && key === '$dynamicAnchor') {
        resource?.anchors.set(value, schema as Schema);
        resource?.dynamic.set(value, schema as Schema);
      }
      if (key !== 'enum' && key !== 'const') this.collect(value as Json, resource, depth + 1);
    }
  }

  private resourceOf(schema: Exclude<Schema, boolean>, outer: Resource | undefined): Resource {
    const id = typeof schema.$id === 'string' ? schema.$id : typeof schema.id === 'string' ? schema.id : '';
    if (id.startsWith('#')) outer?.anchors.set(id.slice(1), schema);
    if (outer !== undefined && (id === '' || id.startsWith('#'))) return outer;
    const draft = typeof schema.$schema === 'string' ? schema.$schema : undefined;
    const isEarly = draft === undefined ? (outer?.isEarly ?? false) : /draft-0?[3467]/.test(draft);
    const own = join(outer?.id ?? file, id.replace(/#$/, ''));
    const resource = { id: own, root: schema, isEarly, anchors: new Map(), dynamic: new Map() };
    if (id !== '') {
      this.byId.set(own, resource);
      this.byId.set(id, resource);
    }
    return resource;
  }
}

/** A reference against the identifier that it stands in. */
function join(base: string, reference: string): string {
  if (reference === '' || /^[a-z][a-z0-9+.-]*:/i.test(reference)) return reference === '' ? base : reference;
  if (reference.startsWith('/')) return `${/^[a-z][a-z0-9+.-]*:(?:\/\/[^/]*)?/i.exec(base)?.[0] ?? ''}${reference}`;
  return base.slice(0, base.lastIndexOf('/') + 1) + reference;
}

/** What a fragment means: a path, or the name of an anchor. */
export function fragment(resource: Resource, text: string): Schema | undefined {
  if (text === '') return resource.root;
  if (!text.startsWith('/')) return resource.anchors.get(text);
  let at: Json | undefined = resource.root as Json;
  for (const step of text.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere: boolean = typeof at === 'object' && at !== null && Object.hasOwn(at, key);
    at = isThere ? (at as Record<string, Json>)[key] : undefined;
  }
  return at as Schema | undefined;
}
