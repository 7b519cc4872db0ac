/**
 * A HelmRelease's values as helm-controller puts them together: each reference merged in its order, `targetPath` set as
 * `--set` would, `spec.values` last. Every value keeps the line that set it.
 */
import { node as field, type HelmReleaseView, type ValuesFrom } from '../../flux/index.ts';
import {
  mergeMaps,
  readFirst,
  setValues,
  type Table,
  table,
  toTable,
  type Value,
  withinLimit,
} from '../../helm/index.ts';
import { formsOf, hideForms, hideInProblems } from '../../objects/hide.ts';
import { error, type Problem } from '../../problem.ts';
import type { Mapping, Node, Origin, Scalar } from '../../yaml/node.ts';
import { resolve } from '../../yaml/resolve.ts';
import type { RenderContext } from '../context.ts';
import type { DesiredObject } from '../desired.ts';
import { fromBase64 } from '../variables.ts';
import { embedded, type Locate } from './embedded.ts';

export interface ReleaseValues {
  readonly values: Table;
  readonly problems: readonly Problem[];
  /** References that could not be read: the values are not all known. */
  readonly unknown: readonly string[];
  /** Scalars that came from Secrets, to be masked wherever they land. */
  readonly secretValues: readonly string[];
  /** Whether a value of this place was written by a Secret: it is never shown. */
  isSecret(place: Origin): boolean;
}

/** A secret shorter than this would mask half of every text. */
const shortestSecret = 4;

export function releaseValues(view: HelmReleaseView, release: DesiredObject, context: RenderContext): ReleaseValues {
  const { at } = release.node;
  const work = { title: `the release's values`, at };
  const nothing = { values: table(at), unknown: [], secretValues: [], isSecret: () => false };
  const progress = { doing: 'the reading of valuesFrom' };
  const read = withinLimit(context.options.limit, work, progress, () => mergedSources(view, release, context));
  const all = 'values' in read ? read : { ...nothing, ...read };
  return { ...all, problems: hideInProblems(all.problems, all.secretValues) };
}

function mergedSources(view: HelmReleaseView, release: DesiredObject, context: RenderContext): ReleaseValues {
  const { namespace } = release.id;
  const { at } = release.node;
  const own = view.values === undefined ? table(at) : toTable(view.values);
  const problems: Problem[] = [];
  const unknown: string[] = [];
  // Substitution put some into the release itself.
  const secretValues = new Set(release.secretValues ?? []);
  const secretPlaces: Origin[] = [];
  let result = table(at);
  for (const from of view.valuesFrom) {
    const read = readReference(from, namespace, context);
    if ('unknown' in read) {
      if (read.unknown !== undefined) unknown.push(read.unknown);
      if (read.problem !== undefined) problems.push(read.problem);
      continue;
    }
    if (read.secret) secretPlaces.push(read.scalar.at);
    for (const value of read.secretValues) secretValues.add(value);
    if (from.targetPath !== undefined) {
      result = mergeMaps(result, own);
      const message = setAt(result, from, read.text, read.scalar.at);
      if (message !== undefined) problems.push(error('helm-values', `valuesFrom: ${message}`, from.node.at));
      if (read.secret && read.text.length >= shortestSecret) secretValues.add(read.text);
      continue;
    }
    const parsed = readValues(read, context);
    problems.push(...parsed.problems);
    if (parsed.values === undefined) continue;
    if (read.secret) collectScalars(parsed.values, secretValues);
    result = mergeMaps(result, toTable(parsed.values));
  }
  const values = mergeMaps(result, own);
  const handed = placesHolding(values, [...secretValues]);
  const isSecret = ({ file, start, end }: Origin) =>
    [...secretPlaces, ...handed].some((place) => place.file === file && place.start <= start && end <= place.end);
  return { values, problems, unknown, secretValues: [...secretValues], isSecret };
}

/** The places of scalars that hold one of these texts. */
function placesHolding(value: Value, secrets: readonly string[]): readonly Origin[] {
  const forms = formsOf(secrets);
  const visit = (one: Value): readonly Origin[] => {
    if (one.kind === 'table') return [...one.slots.values()].flatMap((slot) => visit(slot.value));
    if (one.kind === 'list') return one.items.flatMap(visit);
    return one.kind === 'scalar' && hideForms(one.text, forms) !== one.text ? [one.at] : [];
  };
  return forms.length === 0 ? [] : visit(value);
}

interface Found {
  readonly text: string;
  readonly scalar: Scalar;
  readonly secret: boolean;
  /** Values in it that had come from a Secret before. */
  readonly secretValues: readonly string[];
  readonly title: string;
}

type Reading = Found | { readonly unknown: string | undefined; readonly problem?: Problem };

function readReference(from: ValuesFrom, namespace: string, context: RenderContext): Reading {
  const kind = from.kind.value;
  if (kind !== 'ConfigMap' && kind !== 'Secret') {
    const message = `valuesFrom: kind ${kind} is not supported: only ConfigMap and Secret are`;
    return { unknown: undefined, problem: error('helm-values', message, from.kind.node.at) };
  }
  const title = `${kind} ${namespace}/${from.name.value}`;
  const answer = context.input({ kind, namespace, name: from.name.value });
  if (answer.found === undefined) {
    if (from.optional && answer.producer === undefined) return { unknown: undefined };
    const made =
      answer.producer === undefined ? 'is in no file of the fleet' : `is made in the cluster by ${answer.producer}`;
    const problem: Problem = {
      code: 'helm-values',
      severity: answer.producer === undefined ? 'warning' : 'information',
      message: `${title} ${made}: its values are not known here`,
      at: from.name.node.at,
    };
    return { unknown: title, problem };
  }
  const read = readKey(from, answer.found, title, kind);
  return 'unknown' in read ? read : { ...read, secretValues: answer.secretValues ?? [] };
}

function readKey(from: ValuesFrom, object: Mapping, title: string, kind: 'ConfigMap' | 'Secret'): Reading {
  const key = from.valuesKey?.value ?? 'values.yaml';
  const plain = field(object, kind === 'Secret' ? 'stringData' : 'data', key);
  const encoded = kind === 'Secret' ? field(object, 'data', key) : undefined;
  const scalar = plain?.kind === 'scalar' ? plain : encoded?.kind === 'scalar' ? encoded : undefined;
  if (scalar === undefined) {
    if (from.optional) return { unknown: undefined };
    const message = `${title} has no key ${key}`;
    return { unknown: undefined, problem: error('helm-values', message, (from.valuesKey ?? from.name).node.at) };
  }
  if (field(object, 'sops', 'mac') !== undefined && scalar.text.startsWith('ENC['))
    return { unknown: `${title} (encrypted)` };
  const text = scalar === encoded ? fromBase64(scalar.text) : scalar.text;
  return { text, scalar, secret: kind === 'Secret', secretValues: [], title };
}

function readValues(read: Found, context: RenderContext): { values?: Mapping; problems: readonly Problem[] } {
  const locate = embedded(read.text, read.scalar, (file) => context.workspace.textOf(file));
  const parsed = readFirst(read.text, read.scalar.at.file);
  const [wrong] = parsed.problems;
  if (wrong !== undefined) {
    const at = wrong.at === undefined ? read.scalar.at : locate(wrong.at.start, wrong.at.end);
    // The reader quotes what it does not like: a password that begins with `*`, as an alias.
    const said = read.secret ? ' are not valid YAML' : `: ${wrong.message}`;
    return { problems: [error('helm-values', `values in ${read.title}${said}`, at)] };
  }
  const [root] = parsed.roots;
  if (root === undefined || (root.kind === 'scalar' && resolve(root, 'sigs') === null)) return { problems: [] };
  if (root.kind !== 'mapping') {
    return { problems: [error('helm-values', `values in ${read.title} are not a mapping`, read.scalar.at)] };
  }
  return { values: relocate(root, locate) as Mapping, problems: [] };
}

function relocate(node: Node, locate: Locate): Node {
  const at = locate(node.at.start, node.at.end);
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => relocate(item, locate)), at };
  const entries = node.entries.map(({ key, value }) => ({
    key: relocate(key, locate) as Scalar,
    value: relocate(value, locate),
  }));
  return { ...node, entries, at };
}

/** helm-controller hands `path=value` to Helm's own parser; a quoted value is a string. */
function setAt(values: Table, from: ValuesFrom, value: string, at: Origin): string | undefined {
  const path = from.targetPath!.value;
  if (from.literal) return setValues(values, `${path}=${value.replace(/[\\,[\]{}]/g, '\\$&')}`, 'string', at);
  const quoted = ["'", '"'].some((quote) => value.startsWith(quote) && value.endsWith(quote));
  if (quoted) return setValues(values, `${path}=${value.replace(/^['"]+|['"]+$/g, '')}`, 'string', at);
  return setValues(values, `${path}=${value}`, 'typed', at);
}

function collectScalars(node: Node, into: Set<string>): void {
  if (node.kind === 'scalar') {
    if (node.text.length >= shortestSecret && !/^(true|false|null)$/i.test(node.text)) into.add(node.text);
  } else if (node.kind === 'sequence') for (const item of node.items) collectScalars(item, into);
  else for (const { value } of node.entries) collectScalars(value, into);
}
