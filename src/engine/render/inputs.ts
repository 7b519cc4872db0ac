/** The inputs of a ResourceSet: its own and those of its providers, in a row (Flatten) or each with each (Permute). */
import { items, resourceSet, resourceSetInputProvider, string } from '../flux/index.ts';
import { fromNode, map, string as textValue, type Value } from '../gotemplate/index.ts';
import { idOf } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import { get, type Mapping, type Node, text } from '../yaml/node.ts';
import type { ProviderQuery, RenderContext } from './context.ts';
import type { DesiredObject } from './desired.ts';

export interface Inputs {
  /** One template run for each; undefined: a single run without inputs. */
  readonly sets: readonly Value[] | undefined;
  /** Why some are not known here. */
  readonly notes: readonly string[];
  /** The same, at the line of the provider that only the operator can ask. */
  readonly problems: readonly Problem[];
  /** Which ones the operator of the chosen cluster found. */
  readonly live: readonly string[];
}

/** Operators refuse more. */
const maxPermutations = 10_000;

/** The providers that a ResourceSet names; one that is not there yet is a name. */
export function providersOf(object: DesiredObject, context: RenderContext): readonly (Mapping | string)[] {
  const here = context
    .rendered('ResourceSetInputProvider')
    .filter((provider) => provider.id.namespace === object.id.namespace)
    .map((provider) => provider.node);
  const found = resourceSet.view(object.node).inputsFrom.flatMap((from): readonly (Mapping | string)[] => {
    const name = string(from, 'name')?.value;
    if (name !== undefined) return [here.find((node) => idOf(node).name === name) ?? name];
    const selector = get(from, 'selector');
    return here.filter((node) => isSelected(node, selector));
  });
  const nameOf = (one: Mapping | string) => (typeof one === 'string' ? one : idOf(one).name);
  return [...new Set(found)].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function isSelected(node: Mapping, selector: Node | undefined): boolean {
  const labels = get(get(node, 'metadata'), 'labels');
  const wanted = get(selector, 'matchLabels');
  if (
    wanted?.kind === 'mapping' &&
    !wanted.entries.every(({ key, value }) => text(get(labels, key.text)) === text(value))
  )
    return false;
  return items(selector, 'matchExpressions').every((rule) => {
    const value = text(get(labels, string(rule, 'key')?.value ?? ''));
    const values = items(rule, 'values').map((item) => text(item));
    switch (string(rule, 'operator')?.value) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

export function inputsOf(object: DesiredObject, context: RenderContext): Inputs | { readonly message: string } {
  const view = resourceSet.view(object.node);
  const notes: string[] = [];
  const problems: Problem[] = [];
  const live: string[] = [];
  const own = view.inputs.map((input) => withProvider(input, object.node));
  const lists: { readonly name: string; readonly sets: readonly Value[] }[] = [{ name: object.id.name, sets: own }];
  for (const provider of providersOf(object, context)) {
    const name = typeof provider === 'string' ? provider : idOf(provider).name;
    const declared = typeof provider === 'string' ? undefined : declaredInputs(provider);
    const found = declared ?? foundInputs({ namespace: object.id.namespace, name }, context);
    if (found === undefined && typeof provider === 'string') {
      notes.push(`ResourceSetInputProvider ${name} is in no file of the fleet`);
      continue;
    }
    if (found === undefined) {
      const message = `the inputs of ResourceSetInputProvider ${name} are known only to the cluster`;
      notes.push(message);
      problems.push(askedInCluster(provider as Mapping, message));
    }
    if (declared === undefined && found !== undefined)
      live.push(`the inputs of ResourceSetInputProvider ${name} are the cluster's, as it last found them`);
    lists.push({ name, sets: found ?? [] });
  }
  // What is not known yet is not what is empty: without any inputs, templates are run once without them.
  const orNone = (sets: readonly Value[]) => (sets.length === 0 && notes.length === 0 ? undefined : sets);
  if (view.inputStrategy === 'Flatten')
    return { sets: orNone(lists.flatMap((list) => list.sets)), notes, problems, live };
  const permuted = permute(view.includeEmptyProviders ? lists : lists.filter((list) => list.sets.length > 0));
  return permuted === undefined
    ? { message: `its inputs make more than ${maxPermutations} permutations` }
    : { sets: orNone(permuted), notes, problems, live };
}

function askedInCluster(provider: Mapping, message: string): Problem {
  const { type } = resourceSetInputProvider.view(provider);
  const why = type === undefined ? '' : `: providers of type ${type.value} are not asked here`;
  return { code: 'source-missing', severity: 'information', message: message + why, at: type?.node.at ?? provider.at };
}

/** What a provider hands out by its file alone: its defaults when it is static. */
function declaredInputs(provider: Mapping): readonly Value[] | undefined {
  const { type, defaultValues } = resourceSetInputProvider.view(provider);
  if (type?.value !== 'Static') return exportedInputs(provider);
  // The id is a checksum of the object's uid, which only the cluster knows; as flux-operator does without a cluster.
  const id = textValue(String(adler32(idOf(provider).name)));
  return [withProvider(defaultValues, provider, [['id', id]])];
}

/** What the chosen cluster's operator found when it last asked; none at all is an answer too, once it is ready. */
function foundInputs(query: ProviderQuery, { options }: RenderContext): readonly Value[] | undefined {
  const provider = options.provider?.(query);
  if (provider === undefined) return undefined;
  const isReady = items(provider, 'status', 'conditions').some(
    (condition) => string(condition, 'type')?.value === 'Ready' && string(condition, 'status')?.value === 'True',
  );
  return exportedInputs(provider) ?? (isReady ? [] : undefined);
}

function exportedInputs(provider: Mapping): readonly Value[] | undefined {
  const exported = items(provider, 'status', 'exportedInputs');
  return exported.length === 0 ? undefined : exported.map((input) => withProvider(input, provider));
}

function withProvider(
  input: Node | undefined,
  provider: Mapping,
  more: readonly (readonly [string, Value])[] = [],
): Value {
  const { namespace, name, kind } = idOf(provider);
  const value = input === undefined ? undefined : fromNode(input, 'kyaml', { numbers: 'int64' });
  const entries = value?.kind === 'map' ? [...value.entries] : [];
  const about = map([
    ['apiVersion', textValue(text(get(provider, 'apiVersion')) ?? '')],
    ['kind', textValue(kind)],
    ['name', textValue(name)],
    ['namespace', textValue(namespace)],
  ]);
  return map([...entries, ...more, ['provider', about] as const], input === undefined ? undefined : [input.at]);
}

function permute(
  lists: readonly { readonly name: string; readonly sets: readonly Value[] }[],
): readonly Value[] | undefined {
  if (lists.reduce((count, list) => count * list.sets.length, 1) > maxPermutations) return undefined;
  if (lists.length === 0) return [];
  let rows: readonly (readonly number[])[] = [[]];
  for (const list of lists) rows = rows.flatMap((row) => list.sets.map((_, i) => [...row, i]));
  const names = lists.map((list) => normalized(list.name));
  return rows.map((row) => {
    const id = String(adler32(row.map((index, i) => `${names[i]}=${index}`).join('/')));
    const scoped = row.map((index, i) => [names[i]!, lists[i]!.sets[index]!] as const);
    return map([...scoped, ['id', textValue(id)] as const]);
  });
}

/** A provider's name as templates spell it: lower case, words joined by `_`. */
function normalized(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[\s\p{P}]/gu, '_')
    .replace(/[^a-z0-9_]/g, '')
    .split('_');
  return words.filter((word) => word !== '').join('_');
}

function adler32(value: string): number {
  let a = 1;
  let b = 0;
  for (const byte of new TextEncoder().encode(value)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}
