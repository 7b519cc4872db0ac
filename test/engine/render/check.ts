/** YAML in, YAML out: a fleet given as texts by path, rendered through the room's door. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import {
  createKustomizer,
  createRenderer,
  type DesiredSet,
  type Kustomizer,
  memoryTree,
  openWorkspace,
  print,
  type RendererOptions,
  textFile,
  titleOf,
  type Workspace,
  type WorkspaceOptions,
} from '../../../src/engine/index.ts';

let made: Kustomizer | undefined;

export function kustomizer(): Kustomizer {
  const data = new URL('../../../data/kustomize.json', import.meta.url);
  made ??= createKustomizer(JSON.parse(readFileSync(data, 'utf8')));
  return made;
}

export type Files = Readonly<Record<string, string>>;

export function treeOf(files: Files) {
  return memoryTree(new Map(Object.entries(files).map(([path, text]) => [`/${path}`, textFile(path, text)])));
}

export function open(files: Files, options: Partial<WorkspaceOptions> = {}): Workspace {
  return openWorkspace(treeOf(files), { remotes: [], ...options });
}

export function render(
  files: Files,
  folder = '/clusters/one',
  options: Partial<RendererOptions> = {},
): readonly DesiredSet[] {
  return createRenderer({ kustomizer: kustomizer(), ...options }).renderCluster(open(files), folder);
}

/** Every set as its owner's title and its objects in YAML. */
export function checkRender(files: Files, expected: Readonly<Record<string, string>>): readonly DesiredSet[] {
  const sets = render(files);
  const actual = Object.fromEntries(sets.map((set) => [titleOf(set.owner.id), yamlOf(set)]));
  expect(actual).toEqual(expected);
  return sets;
}

export function yamlOf(set: DesiredSet): string {
  return set.objects.map((object) => print(object.node, 'kyaml')).join('---\n');
}

/** The source text that an origin names. */
export function sourceOf(files: Files, at: { readonly file: string; readonly start: number; readonly end: number }) {
  return files[at.file]?.slice(at.start, at.end);
}

/** The two objects that `flux bootstrap` writes. */
export const sync = (path = './clusters/one', url = 'https://git.example.com/fleet') => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "${url}", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, path: ${path}, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`;

export const kustomization = (name: string, spec: string) => `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec:
  interval: 10m
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
${spec.replace(/^/gm, '  ')}
`;

export const configMap = (name: string, data: string, namespace = 'apps') => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: ${namespace}}
data: {${data}}
`;
