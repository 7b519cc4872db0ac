/** The object that a generator makes, and how its values are written. */
import type { Entry, Origin, Scalar } from '../../yaml/node.ts';
import type { Pair } from '../decode.ts';
import type { GeneratorArgs } from '../kustomization.ts';
import { Refusal } from '../refusal.ts';
import { type Behavior, type Resource, resource } from '../resource.ts';
import { settle } from '../tree.ts';
import { base64 } from './base64.ts';
import type { DataValue } from './data.ts';

const text = (value: string, at: Origin): Scalar => ({ kind: 'scalar', text: value, style: 'plain', tag: '!!str', at });
const entry = (key: string, value: Entry['value'], at: Origin): Entry => ({ key: text(key, at), value });

/** A generator's arguments with name and namespace taken from its metadata where it has none of its own. */
export function named(
  args: GeneratorArgs,
  metadata: { readonly name?: Scalar; readonly namespace?: Scalar } | undefined,
): GeneratorArgs {
  const name = args.name?.text ? args.name : metadata?.name;
  const namespace = args.namespace?.text ? args.namespace : metadata?.namespace;
  return { ...args, ...(name && { name }), ...(namespace && { namespace }) };
}

export function generated(kind: 'ConfigMap' | 'Secret', args: GeneratorArgs, content: readonly Entry[]): Resource {
  const { at, name, namespace, options } = args;
  if (name === undefined || name.text === '') throw new Refusal('a configmap must have a name', at);
  const metadata: Entry[] = [entry('name', text(name.text, name.at), name.at)];
  if (namespace?.text) metadata.push(entry('namespace', text(namespace.text, namespace.at), namespace.at));
  for (const field of ['labels', 'annotations'] as const) {
    const pairs = options?.[field];
    if (pairs !== undefined && pairs.length > 0)
      metadata.push(entry(field, toMapping(pairs, options!.at), options!.at));
  }
  const entries = [
    entry('apiVersion', text('v1', at), at),
    entry('kind', text(kind, at), at),
    entry('metadata', { kind: 'mapping', entries: metadata, at }, at),
    ...content,
  ];
  if (options?.immutable === true) {
    entries.push(
      entry('immutable', { kind: 'scalar', text: 'true', style: 'plain', tag: '!!bool', at: options.at }, options.at),
    );
  }
  return {
    ...resource({ kind: 'mapping', entries, at }),
    needsHash: options?.disableNameSuffixHash !== true,
    behavior: behaviorOf(args.behavior?.text),
  };
}

function behaviorOf(behavior: string | undefined): Behavior {
  return behavior === 'create' || behavior === 'replace' || behavior === 'merge' ? behavior : 'unspecified';
}

function toMapping(pairs: readonly Pair[], at: Origin): Entry['value'] {
  const entries = pairs.map(({ key, value }) => ({
    key: text(key.text, key.at),
    value: { ...text(value.text, value.at), style: 'single' as const },
  }));
  return { kind: 'mapping', entries, at };
}

/** Values as entries of `data`, sorted by key, in base64 where asked. */
export function dataEntries(values: readonly DataValue[], encoded: boolean): readonly Entry[] {
  return values.map(({ key, keyAt, bytes, text: plain, at }) => {
    const written = encoded ? base64(bytes()) : plain;
    return entry(key, settle({ ...text(written, at), style: written.includes('\n') ? 'literal' : 'plain' }), keyAt);
  });
}
