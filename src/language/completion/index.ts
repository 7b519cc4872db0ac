/** Completions at an offset, also in documents that do not parse yet. */
import type { WorkspaceFile } from '../../engine/index.ts';
import type { Knowledge } from '../answer.ts';
import { cursorAt } from '../cursor.ts';
import { rolesOf } from '../roles.ts';
import { chart, inValuesText } from './chartvalues.ts';
import type { Asked, Completion, Source } from './completion.ts';
import { fields } from './fields.ts';
import { names } from './names.ts';
import { paths } from './paths.ts';
import { values } from './values.ts';
import { inText } from './variables.ts';

const sources: readonly Source[] = [
  //
  fields,
  values,
  names,
  paths,
  chart,
];

export function complete(file: WorkspaceFile, offset: number, knowledge: Knowledge): readonly Completion[] {
  const { text } = file.source;
  const cursor = cursorAt(text, offset);
  const kustomization = rolesOf(knowledge.workspace).kustomization(file) ?? emptyKustomization(file);
  const asked: Asked = {
    ...knowledge,
    file,
    text,
    offset,
    ...(kustomization === undefined ? {} : { kustomization }),
    apiVersion: cursor?.apiVersion ?? (kustomization === undefined ? '' : 'kustomize.config.k8s.io/v1beta1'),
    kind: cursor?.kind ?? (kustomization === undefined ? '' : 'Kustomization'),
  };
  const special = inText(asked);
  if (special !== undefined) return special;
  const inside = inValuesText(asked);
  if (inside !== undefined) return unique(inside);
  if (cursor === undefined) return [];
  return unique(sources.flatMap((source) => [...source(asked, cursor)]));
}

/** A kustomization file that does not parse yet is one all the same; its paths are unknown. */
function emptyKustomization(file: WorkspaceFile): Asked['kustomization'] {
  if (!/(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/.test(file.path)) return undefined;
  if (/^apiVersion:\s*["']?kustomize\.toolkit/m.test(file.source.text)) return undefined;
  const at = { file: file.source.name, start: 0, end: 0 };
  const folder = file.path.slice(0, file.path.lastIndexOf('/')) || '/';
  return { file, folder, root: { kind: 'mapping', entries: [], at }, component: false, paths: [] };
}

function unique(completions: readonly Completion[]): readonly Completion[] {
  const seen = new Map<string, Completion>();
  for (const each of completions) {
    const key = `${each.label} ${each.kind === 'kind' ? each.detail : ''}`;
    if (!seen.has(key)) seen.set(key, each);
  }
  return [...seen.values()].sort((a, b) => (a.rank ?? 5) - (b.rank ?? 5));
}

export type { Completion } from './completion.ts';
