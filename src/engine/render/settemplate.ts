/**
 * The templates of a ResourceSet: Go templates between `<<` and `>>` in the YAML of each resource, with the functions of
 * slim-sprig and `inputs`. What is rendered leads back to the input that it came from, else to the template.
 */
import {
  addTemplate,
  execute,
  type FunctionTable,
  functionTable,
  GoError,
  type GoFunction,
  helmFunctions,
  marked,
  newSet,
  nil,
  parseValue,
  replaced,
  type StringValue,
  segmentsOf,
  string,
  toNode,
  type Value,
} from '../gotemplate/index.ts';
import { objectsOf } from '../helm/index.ts';
import { isObject } from '../objects/object.ts';
import { error, type Problem } from '../problem.ts';
import type { Mapping, Node } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { print, printWithSpans } from '../yaml/print.ts';
import { settle } from './settle.ts';

/** A resource as YAML text whose scalars know where they stand. */
export function templateOf(resource: Node): StringValue {
  const { text, spans } = printWithSpans(resource, 'kyaml');
  return marked(text, () => {
    // Scalars only: spans that hold no other one.
    const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
    const leaves = sorted.filter(({ end }, i) => (sorted[i + 1]?.start ?? end) >= end);
    return leaves.map(({ start, end, at }) => ({ start, end, values: [at] }));
  });
}

/** The text of `resourcesTemplate`. */
export function templateText(scalar: Node & { readonly kind: 'scalar' }): StringValue {
  return string(scalar.text, [scalar.at]);
}

export type RenderedSet = { readonly objects: readonly Mapping[] } | { readonly problem: Problem };

/** Runs a template with one set of inputs; `inputs` is nil in Go's sense when it is absent. */
export function renderTemplate(template: StringValue, inputs: Value | undefined, at: Node['at']): RenderedSet {
  // Go's own delimiters are text here: they step aside while `<<` takes their place, and come back as text.
  const aside = replaced(replaced(template, '{{', string('\u0000')), '<<', string('{{'));
  const opened = replaced(replaced(aside, '>>', string('}}')), '\u0000', string('{{"{{"}}'));
  const parsed = parseValue('resourceset', opened, functions);
  if (parsed.value === undefined) return { problem: parsed.problems[0] ?? error('flux-build', 'no template', at) };
  const set = newSet();
  addTemplate(set, parsed.value);
  const rendered = execute(set, 'resourceset', nil, { functions, missingKey: 'error', host: inputs ?? nil });
  const fault = rendered.problems[0];
  if (fault !== undefined) return { problem: { ...fault, at: fault.at ?? at } };
  const { documents, problems } = parse(rendered.text, '');
  const wrong = problems.find((problem) => problem.severity === 'error');
  if (wrong !== undefined)
    return { problem: error('flux-build', `what the template makes is no valid YAML: ${wrong.message}`, at) };
  const segments = segmentsOf(rendered.value);
  const objects = documents.flatMap(({ root }) => {
    if (root === undefined || !isObject(root)) return [];
    return objectsOf({ source: '', text: '', offset: 0, root, kind: '' }, segments);
  });
  return { objects: objects.map((object) => settle(object, 'sigs') as Mapping) };
}

/** What slim-sprig leaves out of sprig when only repeatable functions are wanted, and what is Helm's own. */
const slimSprig =
  'hello trunc trim upper lower title substr repeat trimall trimAll trimSuffix trimPrefix contains hasPrefix hasSuffix ' +
  'quote squote cat indent nindent replace plural sha1sum sha256sum adler32sum toString atoi int64 int float64 seq ' +
  'toDecimal split splitList splitn toStrings until untilStep add1 add sub div mod mul biggest max min maxf minf ceil ' +
  'floor round join sortAlpha default empty coalesce all any compact mustCompact fromJson toJson toPrettyJson toRawJson ' +
  'mustFromJson mustToJson mustToPrettyJson mustToRawJson ternary typeOf typeIs typeIsLike kindOf kindIs deepEqual base ' +
  'dir clean ext isAbs osBase osClean osDir osExt osIsAbs b64enc b64dec b32enc b32dec tuple list dict get set unset ' +
  'hasKey pluck keys pick omit values append mustAppend prepend mustPrepend first mustFirst rest mustRest last mustLast ' +
  'initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has mustHas slice mustSlice concat dig chunk ' +
  'mustChunk fail regexMatch mustRegexMatch regexFindAll mustRegexFindAll regexFind mustRegexFind regexReplaceAll ' +
  'mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit regexQuoteMeta urlParse ' +
  'urlJoin ago duration durationRound toDate mustToDate unixEpoch mustDateModify';

const own: readonly GoFunction[] = [
  { name: 'inputs', params: [], call: (_args, context) => context.host as Value },
  { name: 'slugify', params: ['string'], call: ([value]) => string(slug(value?.kind === 'string' ? value.text : '')) },
  ...['toYaml', 'mustToYaml'].map(
    (name): GoFunction => ({ name, params: ['any'], call: ([value]) => string(print(toNode(value!), 'sigs')) }),
  ),
];

const functions: FunctionTable = functionTable([
  ...slimSprig.split(' ').flatMap((name) => helmFunctions.get(name) ?? []),
  ...own,
]);

/** A name for a label or a host: words of a-z, 0-9, `-` and `_`, cut at a word to 63 characters. */
function slug(value: string): string {
  const plain = value
    .trim()
    .replace(/["'’]/g, '')
    .replaceAll('&', 'and')
    .replaceAll('@', 'at')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '');
  if (/[^\x20-\x7e]/.test(plain)) throw new GoError(`slugify of ${JSON.stringify(value)} is not supported`);
  const words = plain
    .toLowerCase()
    .replace(/[^a-z0-9\-_]/g, '-')
    .replace(/-+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '');
  if (words.length <= 63) return words;
  const dash = words.lastIndexOf('-', 63);
  return words.slice(0, dash < 0 ? 63 : dash);
}
