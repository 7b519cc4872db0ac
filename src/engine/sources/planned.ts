/**
 * Which artifacts an ArtifactGenerator makes: those that it names, or with a `pathPattern` those of each folder that
 * matches, captures filled in. What source-watcher refuses makes none of them.
 */
import type { ArtifactGeneratorView, CopyOperation, OutputArtifact } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import { error, type Problem } from '../problem.ts';

/** One artifact that a generator makes, captures filled in. */
export interface ArtifactPlan {
  readonly name: string;
  readonly copy: readonly CopyPlan[];
}

export interface CopyPlan {
  readonly operation: CopyOperation;
  readonly from: string;
  readonly to: string;
}

export interface Planned {
  readonly artifacts: readonly ArtifactPlan[];
  /** Why the generator makes nothing at all. */
  readonly fault?: Problem;
}

type Captures = Readonly<Record<string, string>>;

export function plannedArtifacts(
  view: ArtifactGeneratorView,
  treeOf: (alias: string) => FileTree | undefined,
): Planned {
  const twice = repeated(view.sources.map(({ alias }) => alias)) ?? repeated(view.artifacts.map(({ name }) => name));
  const pattern = view.pathPattern;
  const plain = view.artifacts.map((artifact) => planOf(artifact, {}));
  if (twice !== undefined) return { artifacts: plain, fault: twice };
  if (pattern === undefined) return { artifacts: plain };
  const [alias, path] = split(pattern.value);
  const refuse = (message: string): Problem =>
    error('flux-build', `pathPattern ${JSON.stringify(pattern.value)}: ${message}`, pattern.node.at);
  const malformed = captureFault(path);
  if (malformed !== undefined) return { artifacts: plain, fault: refuse(malformed) };
  const tree = treeOf(alias);
  if (tree === undefined) return { artifacts: [] };
  const found = captures(tree, path);
  const artifacts = found.flatMap((values) => view.artifacts.map((artifact) => planOf(artifact, values)));
  const fault = valueFault(found) ?? templateFault(artifacts) ?? nameFault(artifacts);
  return fault === undefined ? { artifacts } : { artifacts, fault: refuse(fault) };
}

function repeated(fields: readonly { readonly value: string; readonly node: { readonly at: Problem['at'] } }[]) {
  const again = fields.find(({ value }, i) => fields.findIndex((field) => field.value === value) < i);
  return again && error('flux-build', `duplicate '${again.value}' found`, again.node.at!);
}

const capture = /\{([^{}]*)\}/g;

function capturesIn(text: string): readonly string[] {
  return [...text.matchAll(capture)].map((match) => match[1]!);
}

/** Captures become labels, so their names are bound to both rules. */
function captureFault(path: string): string | undefined {
  if (/[{}]/.test(path.replaceAll(capture, ''))) return 'invalid capture: a brace has no partner';
  const names = capturesIn(path);
  const bad = names.find((name) => !/^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$/.test(name) || name.length > 63);
  if (bad !== undefined) return `capture variable ${JSON.stringify(bad)} must be a valid capture name and label key`;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  return twice === undefined ? undefined : `duplicate capture variable "${twice}"`;
}

function templateFault(artifacts: readonly ArtifactPlan[]): string | undefined {
  const filled = artifacts.flatMap(({ name, copy }) => [name, ...copy.flatMap(({ from, to }) => [from, to])]);
  const unknown = filled.flatMap(capturesIn)[0];
  return unknown === undefined ? undefined : `capture variable "${unknown}" is not defined by pathPattern`;
}

function valueFault(found: readonly Captures[]): string | undefined {
  for (const values of found) {
    for (const [name, value] of Object.entries(values)) {
      if (value.length > 63 || !/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(value))
        return `captured value ${JSON.stringify(value)} for variable "${name}" is not a valid Kubernetes label value`;
    }
  }
  return undefined;
}

function nameFault(artifacts: readonly ArtifactPlan[]): string | undefined {
  const seen = new Set<string>();
  for (const { name } of artifacts) {
    if (name.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name))
      return `artifact name ${JSON.stringify(name)} is not a valid Kubernetes object name`;
    if (seen.has(name)) return `several directories resolve to artifact name "${name}"`;
    seen.add(name);
  }
  return undefined;
}

/** Names are in lower case, as objects' are; paths are as they are written. */
function planOf({ name, copy }: OutputArtifact, values: Captures): ArtifactPlan {
  const fill = (text: string) => text.replace(capture, (whole, key: string) => values[key] ?? whole);
  return {
    name: name.value.replace(capture, (whole, key: string) => values[key]?.toLowerCase() ?? whole),
    copy: copy.map((operation) => ({ operation, from: fill(operation.from.value), to: fill(operation.to.value) })),
  };
}

/** The folders that match `apps/{app}/envs/{env}`, with what each capture stands for. */
function captures(tree: FileTree, pattern: string): readonly Captures[] {
  let found: { readonly folder: string; readonly values: Captures }[] = [{ folder: '', values: {} }];
  for (const part of pattern.split('/')) {
    const names = capturesIn(part);
    const literal = (text: string) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
    const matcher = new RegExp(
      `^${part
        .split(/\{[^{}]*\}/)
        .map(literal)
        .join('([^/]+)')}$`,
    );
    found = found.flatMap(({ folder, values }) =>
      (tree.directory(`/${folder}`) ?? []).flatMap((entry) => {
        const match = entry.type === 'directory' ? matcher.exec(entry.name) : null;
        if (match === null) return [];
        const more = Object.fromEntries(names.map((name, i) => [name, match[i + 1]!]));
        return [{ folder: folder === '' ? entry.name : `${folder}/${entry.name}`, values: { ...values, ...more } }];
      }),
    );
  }
  return found.map(({ values }) => values);
}

/** `@alias/path` in its two parts. */
export function split(text: string): readonly [string, string] {
  const slash = text.indexOf('/');
  return [text.slice(1, slash), text.slice(slash + 1)];
}
