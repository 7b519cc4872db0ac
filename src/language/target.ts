/**
 * What stands at an offset and what it means: the one place that hover, definitions, references and links share.
 */
import { flux, type Link, type Origin, type WorkspaceFile, type WorkspaceObject } from '../engine/index.ts';
import type { Knowledge } from './answer.ts';
import { type Located, locate } from './locate.ts';
import { type Marker, markersIn } from './markers.ts';
import { inSameCluster } from './names.ts';
import { type NamedPath, resolvePath, rolesOf } from './roles.ts';
import { type Token, tokensIn } from './variables.ts';

export type Target =
  | { readonly what: 'variable'; readonly token: Token; readonly at: Origin }
  | { readonly what: 'marker'; readonly marker: Marker; readonly at: Origin }
  | {
      readonly what: 'reference';
      readonly link: Link;
      readonly objects: readonly WorkspaceObject[];
      readonly at: Origin;
    }
  | { readonly what: 'path'; readonly named: Pick<NamedPath, 'path' | 'target'>; readonly at: Origin }
  | { readonly what: 'field'; readonly located: Located; readonly at: Origin };

export function targetAt(file: WorkspaceFile, offset: number, knowledge: Knowledge): Target | undefined {
  const { workspace } = knowledge;
  const name = file.source.name;
  const inside = (at: Pick<Origin, 'start' | 'end'>): boolean => at.start <= offset && offset <= at.end;
  const token = tokensIn(file).find(inside);
  if (token !== undefined) return { what: 'variable', token, at: { file: name, start: token.start, end: token.end } };
  const marker = markersIn(file).find(({ at }) => inside(at));
  if (marker !== undefined) return { what: 'marker', marker, at: marker.at };
  const named = rolesOf(workspace)
    .kustomization(file)
    ?.paths.find(({ node }) => inside(node.at) && node.at.file === name);
  if (named !== undefined) return { what: 'path', named, at: named.node.at };
  const object = file.objects.find(({ node }) => node.at.file === name && inside(node.at));
  if (object !== undefined) {
    const link = workspace.linksFrom(object).find(({ reference }) => inside(reference.node.at));
    if (link !== undefined) {
      return { what: 'reference', link, objects: inSameCluster(workspace, link), at: link.reference.node.at };
    }
    const path = fluxPath(object, knowledge);
    if (path !== undefined && inside(path.at)) return path;
  }
  const located = locate(file, offset);
  if (located === undefined) return undefined;
  return { what: 'field', located, at: located.key?.key.at ?? located.node.at };
}

/** The folder that a Flux Kustomization builds, where its source is open here. */
export function fluxPath(object: WorkspaceObject, { workspace }: Knowledge): (Target & { what: 'path' }) | undefined {
  if (object.flux !== flux.kustomization) return undefined;
  const { path, sourceRef } = flux.kustomization.view(object.node);
  if (path === undefined || sourceRef === undefined) return undefined;
  const query = { kind: sourceRef.kind, namespace: sourceRef.namespace ?? object.id.namespace, name: sourceRef.name };
  const source = workspace.find(query)[0]?.node;
  const folder = workspace.sources.folderOf({ ...query, ...(source === undefined ? {} : { object: source }) });
  if (typeof folder === 'string' || folder.tree !== workspace.tree) return undefined;
  const target = resolvePath(folder.root, path.value.replace(/^\/+/, ''));
  const named = target === undefined ? { path: path.value } : { path: path.value, target };
  return { what: 'path', named, at: path.node.at };
}
