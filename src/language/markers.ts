/** Image policy markers: `# {"$imagepolicy": "namespace:name:tag"}` behind the value that image automation writes. */
import type { ObjectId, Origin, Workspace, WorkspaceFile, WorkspaceObject } from '../engine/index.ts';

export interface Marker {
  /** The text between the quotes: `namespace:name` or `namespace:name:field`. */
  readonly policy: string;
  readonly at: Origin;
  /** Undefined when the text is no reference. */
  readonly id?: Pick<ObjectId, 'kind' | 'namespace' | 'name'> & { readonly group: string };
}

const marker = /\{\s*"\$imagepolicy"\s*:\s*"([^"]*)"\s*\}/;

export function markersIn({ parsed, source }: WorkspaceFile): readonly Marker[] {
  return parsed.comments.flatMap((comment): readonly Marker[] => {
    const match = marker.exec(comment.text);
    if (match === null) return [];
    const policy = match[1]!;
    const start = comment.start + match.index + match[0].lastIndexOf(policy);
    const at = { file: source.name, start, end: start + policy.length };
    const [namespace, name, field, ...rest] = policy.split(':');
    const fine = namespace && name && rest.length === 0 && (field === undefined || fields.has(field));
    const id = { group: 'image.toolkit.fluxcd.io', kind: 'ImagePolicy', namespace: namespace ?? '', name: name ?? '' };
    return [fine ? { policy, at, id } : { policy, at }];
  });
}

export const fields: ReadonlySet<string> = new Set(['tag', 'name', 'digest']);

/** The policies that a marker means. */
export function policiesOf(workspace: Workspace, { id }: Marker): readonly WorkspaceObject[] {
  return id === undefined ? [] : workspace.find(id);
}
