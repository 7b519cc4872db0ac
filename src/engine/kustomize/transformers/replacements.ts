/** `replacements`: a value copied from one object's field, or given as it is, into fields of others. */
import type { Mapping, Node, Origin, Scalar } from '../../yaml/node.ts';
import { decodeMapping, list, struct } from '../decode.ts';
import { isSelected } from '../fieldspec.ts';
import {
  type FieldOptions,
  type Replacement,
  type ReplacementSource,
  type ReplacementTarget,
  replacement,
  replacementField,
} from '../kustomization.ts';
import { load } from '../loader.ts';
import { readDocument } from '../read.ts';
import { Refusal, within } from '../refusal.ts';
import type { ResMap } from '../resmap.ts';
import { effectiveNamespace, idText, type ResId, type Resource } from '../resource.ts';
import { idTest, labelTest } from '../select.ts';
import { Overwrites } from '../sharing.ts';
import { pluginReading, type StepContext, type Transform, type TransformerKind } from '../step.ts';
import { bare, isEmpty, isNull, lookup, splitFieldPath } from '../tree.ts';
import { matchPath } from './replacements/path.ts';
import { retyped } from './replacements/retype.ts';
import { replaceInside } from './replacements/structured.ts';

const config = struct('ReplacementTransformer', { replacements: list(replacementField) });

export const replacements: TransformerKind = {
  name: 'ReplacementTransformer',
  fromKustomization({ replacements: entries = [] }, context) {
    return entries.length === 0 ? [] : [configure(entries, context)];
  },
  fromConfig(node, context) {
    return configure(decodeMapping(config, node, pluginReading).replacements ?? [], context);
  },
};

function configure(entries: readonly Replacement[], context: StepContext): Transform {
  const all = entries.flatMap((entry) => expand(entry, context));
  return (map) => {
    for (const entry of all) apply(map, entry);
  };
}

/** An entry, or those of the file that it names. */
function expand(entry: Replacement, context: StepContext): readonly Replacement[] {
  const { path, source, targets } = entry;
  if (path === undefined || path.text === '') return [entry];
  if (source !== undefined || (targets !== undefined && targets.length > 0)) {
    throw new Refusal('cannot specify both path and inline replacement', entry.at);
  }
  const root = readDocument(load(context.loader, path.text, path.at));
  const reading = { dialect: 'sigs', strict: false, texts: 'converted' } as const;
  if (root?.kind === 'sequence') return list(replacement)(root, reading, 'Replacement') ?? [];
  if (root?.kind === 'mapping') return [decodeMapping(replacement, root, reading)];
  throw new Refusal('unsupported replacement type encountered within replacement path', root?.at ?? path.at);
}

function apply(map: ResMap, entry: Replacement): void {
  const { source, sourceValue, targets } = entry;
  if ((source === undefined && sourceValue === undefined) || targets === undefined) {
    throw new Refusal('replacements must specify a source and at least one target', entry.at);
  }
  if (source !== undefined && sourceValue !== undefined) {
    throw new Refusal('value and resource selectors are mutually exclusive', entry.at);
  }
  const value = source === undefined ? bare(sourceValue!.text, sourceValue!.at) : valueOfSource(map, source);
  for (const target of targets) applyToTargets(map, target, value);
}

function valueOfSource(map: ResMap, source: ReplacementSource): Node {
  const found = findSource(map, source);
  const path = source.fieldPath?.text || 'metadata.name';
  const at = source.fieldPath?.at ?? source.at;
  const value = within('error looking up replacement source', at, () => lookup(found.node, splitFieldPath(path)));
  if (value === undefined || isEmpty(value)) {
    throw new Refusal(`fieldPath \`${path}\` is missing for replacement source ${sourceText(source)}`, at);
  }
  return refine(value, source.options);
}

function findSource(map: ResMap, source: ReplacementSource): Resource {
  const wanted = {
    group: source.group?.text ?? '',
    version: source.version?.text ?? '',
    kind: source.kind?.text ?? '',
  };
  const name = source.name?.text ?? '';
  const namespace = source.namespace?.text ?? '';
  const isWanted = (id: ResId): boolean =>
    (name === '' || name === id.name) &&
    (namespace === '' || namespace === effectiveNamespace(id)) &&
    isSelected(id, wanted);
  const among = name === '' ? map.resources.keys() : map.named(name);
  const matches = [...among].map((index) => map.at(index)).filter((of) => map.idsOf(of).some(isWanted));
  const [first] = matches;
  if (matches.length > 1) throw new Refusal(`multiple matches for selector ${sourceText(source)}`, source.at);
  if (first === undefined) throw new Refusal(`nothing selected by ${sourceText(source)}`, source.at);
  return first;
}

function sourceText(source: ReplacementSource): string {
  const { group, version, kind, name, namespace, fieldPath } = source;
  const id = idText({
    group: group?.text ?? '',
    version: version?.text ?? '',
    kind: kind?.text ?? '',
    name: name?.text ?? '',
    namespace: namespace?.text ?? '',
    clusterScoped: false,
  });
  return fieldPath?.text ? `${id}:${fieldPath.text}` : id;
}

/** The part of a text between delimiters that the options ask for. */
function refine(value: Node, options: FieldOptions | undefined): Node {
  const delimiter = options?.delimiter?.text ?? '';
  if (options === undefined || delimiter === '') return value;
  if (value.kind !== 'scalar') {
    throw new Refusal('delimiter option can only be used with scalar nodes', options.at);
  }
  const parts = (isNull(value) ? '' : value.text).split(delimiter);
  const index = options.index?.value ?? 0;
  const part = index < 0 ? undefined : parts[index];
  if (part === undefined) {
    throw new Refusal(
      `options.index ${index} is out of bounds for value ${value.text}`,
      options.index?.at ?? options.at,
    );
  }
  return retyped(value, part, value.at);
}

function applyToTargets(map: ResMap, target: ReplacementTarget, value: Node): void {
  if (target.select === undefined) throw new Refusal('target must specify resources to select', target.at);
  const paths = target.fieldPaths?.length ? target.fieldPaths : [bare('metadata.name', target.at)];
  const selects = idTest(target.select);
  const rejects = target.reject ?? [];
  const hasId = (selector: NonNullable<ReplacementTarget['reject']>[number]): boolean =>
    [selector.group, selector.version, selector.kind, selector.name, selector.namespace].some((part) => part?.text);
  const rejected = rejects.filter(hasId).map(idTest);
  const bySelect = metadataTest(target.select);
  const byReject = rejects
    .filter((each) => each.labelSelector?.text || each.annotationSelector?.text)
    .map(metadataTest);
  map.update((of) => {
    const ids = map.idsOf(of);
    if (!bySelect(of.node) || byReject.some((test) => test(of.node))) return of;
    const matches = (test: ReturnType<typeof idTest>, id: ResId): boolean =>
      test.gvk(id) && test.name(id.name) && test.namespace(id.namespace);
    if (rejected.some((test) => ids.some((id) => matches(test, id)))) return of;
    if (!ids.some((id) => matches(selects, id))) return of;
    let { node } = of;
    for (const path of paths) node = put(node, path, value, target.options);
    return node === of.node ? of : { ...of, node };
  });
}

function metadataTest(selector: NonNullable<ReplacementTarget['select']>): (node: Mapping) => boolean {
  const labels = labelTest(selector.labelSelector);
  const annotations = labelTest(selector.annotationSelector);
  return (node) => labels(node, 'labels') && annotations(node, 'annotations');
}

function put(node: Mapping, path: Scalar, value: Node, options: FieldOptions | undefined): Mapping {
  const parts = splitFieldPath(path.text);
  const createKind = options?.create === true ? value.kind : undefined;
  const overwrites = new Overwrites();
  const change = (found: Node): Node => {
    const changed = setValue(found, value, options, path.at);
    overwrites.note(found, changed);
    return changed;
  };
  const inside = replaceInside(node, parts, { createKind, change, at: path.at });
  if (inside !== undefined) return inside;
  const said = createKind === undefined ? 'unable to find field' : 'unable to find or create field';
  const message = `${said} ${JSON.stringify(path.text)} in replacement target`;
  const found = within(message, path.at, () => matchPath(node, parts, { createKind, change, at: path.at }));
  if (found.count === 0) throw new Refusal(message, path.at);
  return overwrites.carry(found.node as Mapping);
}

/** The value in the place of `found`: a scalar keeps its type and style, and a delimiter picks a part of it. */
function setValue(found: Node, value: Node, options: FieldOptions | undefined, at: Origin): Node {
  const delimiter = options?.delimiter?.text ?? '';
  const origin = { ...value.at, via: at };
  let text = value.kind === 'scalar' ? value.text : '';
  if (delimiter !== '') {
    if (found.kind !== 'scalar') throw new Refusal('delimiter option can only be used with scalar nodes', at);
    const parts = found.text.split(delimiter);
    const part = value.kind === 'scalar' && !isNull(value) ? value.text : '';
    const index = options?.index?.value ?? 0;
    if (index < 0) parts.unshift(part);
    else if (index >= parts.length) parts.push(part);
    else parts[index] = part;
    text = parts.join(delimiter);
  }
  if (found.kind === 'scalar') return retyped(found, text, origin);
  return value;
}
