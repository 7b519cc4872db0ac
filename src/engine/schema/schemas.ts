/**
 * The room's door: which kinds there are, what their fields are, and what is wrong with an object. Built from packs
 * (Flux, Kubernetes) and, on top of them, the CRDs that the workspace itself brings.
 */
import { get, type Mapping, type Node, type Origin, text } from '../yaml/node.ts';
import { readCrds } from './crd.ts';
import { judgeExpressions } from './expressions.ts';
import { withFacts } from './facts.ts';
import type { Judge, Path, SchemaProblem } from './judge.ts';
import { isToolFile, kustomizeKinds } from './kustomization.ts';
import { judgeMetadata } from './metadata.ts';
import { type PackKind, type PackReader, readPack } from './pack.ts';
import type { RuleJudge } from './rules.ts';
import type { Schema } from './schema.ts';
import { judgeNode } from './validate.ts';
import { judgeWorkload } from './workload.ts';

export interface ValidateOptions {
  /** The object is a kustomize patch: what is missing may stand in its target. */
  readonly partial?: boolean;
  /** The kind to judge it as, for kustomization files that leave out their own. */
  readonly as?: { readonly apiVersion: string; readonly kind: string };
}

/** A field as completion and hover see it. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

export interface Schemas {
  /** Every known kind, newest version first within a kind. */
  readonly kinds: readonly PackKind[];
  /** The kind that an object says it is; undefined when nothing describes it. */
  kind(apiVersion: string, kind: string): PackKind | undefined;
  /** What is wrong with an object, in the order of its lines. Nothing for kinds that nobody describes. */
  validate(object: Mapping, options?: ValidateOptions): readonly SchemaProblem[];
  /** The schema at a path of an object of this kind, references followed; undefined where there is none. */
  at(apiVersion: string, kind: string, path: Path): Schema | undefined;
  /** The fields that may stand at a path. */
  fields(apiVersion: string, kind: string, path: Path): readonly Field[];
  /** The same schemas with the workspace's own CRDs on top. */
  withCrds(crds: readonly Mapping[]): Schemas;
  /** Whether rules are evaluated by now. */
  readonly prepared: boolean;
  /** Loads the evaluator of CEL rules, which is large: until then, rules are not evaluated. */
  prepare(): Promise<void>;
}

/** Names of the packs in `data/`, in the order in which they are asked. */
const packs = ['flux-schemas.pack', 'kubernetes-schemas.pack'] as const;
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

interface Layer extends PackReader {
  readonly builtin: boolean;
  readonly byName: ReadonlyMap<string, PackKind>;
}

/** Opens the packs lazily: nothing is read before the first question. `load` answers a file of `data/` by its name. */
export function createSchemas(load: (name: string) => Uint8Array): Schemas {
  let opened: readonly Layer[] | undefined;
  return build(
    () => {
      opened ??= [
        layer(kustomizeKinds(), false),
        ...packs.map((name) => layer(readPack(load(name)), name.startsWith('kubernetes'))),
      ];
      return opened;
    },
    { rules: undefined },
  );
}

interface Shared {
  expressionError?: (expression: string) => string | undefined;
  rules: RuleJudge | undefined;
}

function layer(reader: PackReader, builtin: boolean): Layer {
  return { ...reader, builtin, byName: new Map(reader.kinds.map((kind) => [nameOf(kind), kind])) };
}

function nameOf({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return `${group === '' ? '' : `${group}/`}${version}/${kind}`;
}

function build(layers: () => readonly Layer[], shared: Shared): Schemas {
  let kinds: readonly PackKind[] | undefined;
  const schemas: Schemas = {
    get kinds() {
      kinds ??= layers().flatMap((each) => each.kinds);
      return kinds;
    },
    kind: (apiVersion, kind) => find(apiVersion, kind)?.[1],
    validate: (object, options = {}) => validate(object, options),
    at: (apiVersion, kind, path) => schemaAt(apiVersion, kind, path),
    fields(apiVersion, kind, path) {
      const schema = schemaAt(apiVersion, kind, path);
      const required = new Set(schema?.required);
      return Object.entries(schema?.properties ?? {}).map(([name, below]) => ({
        name,
        schema: lookup(below),
        required: required.has(name),
      }));
    },
    withCrds(crds) {
      if (crds.length === 0) return schemas;
      const own = layer(readCrds(crds), false);
      return build(() => [own, ...layers()], shared);
    },
    get prepared() {
      return shared.rules !== undefined;
    },
    async prepare() {
      const { createRuleJudge, expressionError } = await import('./rules.ts');
      shared.rules ??= createRuleJudge();
      shared.expressionError = expressionError;
    },
  };
  return schemas;

  function find(apiVersion: string, kind: string): readonly [Layer, PackKind] | undefined {
    for (const each of layers()) {
      const found = each.byName.get(`${apiVersion}/${kind}`);
      if (found !== undefined) return [each, found];
    }
    return undefined;
  }

  function definition(name: string): Schema | undefined {
    for (const each of layers()) {
      const found = each.definition(name);
      if (found !== undefined) return each.builtin ? withFacts(name, found) : found;
    }
    return undefined;
  }

  /** A reference followed; what stands beside it (description, default) is kept. */
  function lookup(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const known = followed.get(schema);
    if (known !== undefined) return known;
    const { $ref, ...beside } = schema;
    const target = definition($ref);
    const merged = target === undefined ? {} : { ...lookup(target), ...beside };
    followed.set(schema, merged);
    return merged;
  }

  /** The root schema of a kind: a CRD's says nothing of metadata, which is the same for every kind. */
  function root(owner: Layer, kind: PackKind): Schema {
    const schema = owner.definition(kind.definition) ?? {};
    const known = rooted.get(schema);
    if (known !== undefined) return known;
    const whole =
      owner.builtin || isToolFile(kind.group)
        ? schema
        : {
            ...schema,
            type: 'object' as const,
            properties: { apiVersion: text1, kind: text1, ...schema.properties, metadata: metadataOf(schema) },
          };
    rooted.set(schema, whole);
    return whole;
  }

  function metadataOf(schema: Schema): Schema {
    const rules = schema.properties?.metadata?.properties?.name;
    // Decoded by Go as in the built-in kinds, so null is fine here, whatever the CRD asks elsewhere.
    const meta = Object.entries(definition(objectMeta)?.properties ?? {});
    const properties = Object.fromEntries(meta.map(([name, field]) => [name, { ...field, nullable: true }]));
    return { type: 'object', properties, ...(rules === undefined ? {} : { allOf: [{ properties: { name: rules } }] }) };
  }

  function schemaAt(apiVersion: string, kind: string, path: Path): Schema | undefined {
    const found = find(apiVersion, kind);
    let schema = found === undefined ? undefined : lookup(root(...found));
    for (const step of path) {
      if (schema === undefined) return undefined;
      const below = typeof step === 'number' ? schema.items : propertyOf(schema, step);
      schema = below === undefined ? undefined : lookup(below);
    }
    return schema;
  }

  function validate(object: Mapping, options: ValidateOptions): readonly SchemaProblem[] {
    const problems: SchemaProblem[] = [];
    judgeObject(object, [], options, problems);
    return problems.sort((a, b) => (a.at?.start ?? 0) - (b.at?.start ?? 0));
  }

  function judgeObject(object: Mapping, path: Path, options: ValidateOptions, problems: SchemaProblem[]): void {
    const apiVersion = options.as?.apiVersion ?? text(get(object, 'apiVersion')) ?? '';
    const kind = options.as?.kind ?? text(get(object, 'kind')) ?? '';
    const items = get(object, 'items');
    if (apiVersion === 'v1' && kind === 'List' && items?.kind === 'sequence') {
      for (const [index, item] of items.items.entries()) {
        if (item.kind === 'mapping') judgeObject(item, [...path, 'items', index], options, problems);
      }
      return;
    }
    // Where a CRD of the workspace describes what is known anyway, the one that finds less counts: either may be newer.
    const verdicts = layers().flatMap((each) => {
      const found = each.byName.get(`${apiVersion}/${kind}`);
      return found === undefined ? [] : [judgeAs(object, path, options, each, found)];
    });
    problems.push(...(verdicts.sort((a, b) => a.length - b.length)[0] ?? []));
  }

  function judgeAs(
    object: Mapping,
    path: Path,
    options: ValidateOptions,
    owner: Layer,
    as: PackKind,
  ): readonly SchemaProblem[] {
    const problems: SchemaProblem[] = [];
    const { group, kind } = as;
    const judge: Judge = {
      lookup,
      partial: options.partial === true,
      builtin: owner.builtin,
      foldCase: isToolFile(group),
      secret: group === '' && kind === 'Secret',
      report: (problem) => void problems.push(problem),
      failures: () => problems.length,
      ...(shared.rules === undefined || options.partial ? {} : { rules: rulesOf(shared.rules) }),
    };
    const anchor = get(object, 'kind')?.at ?? object.at;
    judgeNode(withoutSops(object), root(owner, as), path, anchor, judge);
    if (shared.expressionError !== undefined && group.includes('fluxcd')) {
      judgeExpressions(object, kind, shared.expressionError, judge);
    }
    if (owner.builtin) judgeWorkload(object, kind, judge);
    if (!isToolFile(group)) judgeMetadata(object, group, kind, anchor, judge);
    return problems;

    function rulesOf(rules: RuleJudge): NonNullable<Judge['rules']> {
      return (node: Node, schema: Schema, at: Path, where: Origin) => rules(node, schema, at, where, judge);
    }
  }
}

const text1: Schema = { type: 'string' };
const followed = new WeakMap<Schema, Schema>();
const rooted = new WeakMap<Schema, Schema>();

function propertyOf(schema: Schema, name: string): Schema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** SOPS adds its own block beside the object's fields and takes it away again before the object is applied. */
function withoutSops(object: Mapping): Mapping {
  const sops = get(object, 'sops');
  if (get(sops, 'mac') === undefined && get(sops, 'lastmodified') === undefined) return object;
  return { ...object, entries: object.entries.filter((entry) => entry.key.text !== 'sops') };
}
