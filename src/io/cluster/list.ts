/** Lists in pages, so that fifty thousand objects are neither one answer nor one moment of the server's attention. */
import type { ClusterAnswer, Json, LiveObject, ServedKind } from '../../engine/index.ts';
import type { Transport } from './transport.ts';

export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly only?: 'metadata';
}

const metadataOnly = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json' };

export interface Listed {
  readonly objects: readonly LiveObject[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

const pageSize = 500;
/** More objects than this are not a tree that anybody reads. */
const most = 200_000;

export async function list(
  transport: Transport,
  kind: ServedKind,
  selection: Selection,
  signal: AbortSignal | undefined,
): Promise<ClusterAnswer<Listed>> {
  const path = collectionPath(kind, selection.namespace);
  let objects: LiveObject[] = [];
  let next = '';
  let paged = true;
  for (;;) {
    const query = new URLSearchParams();
    if (selection.labelSelector) query.set('labelSelector', selection.labelSelector);
    if (paged) query.set('limit', String(pageSize));
    if (next !== '') query.set('continue', next);
    const answer = await transport.send({
      method: 'GET',
      path: `${path}?${query}`,
      signal,
      ...(selection.only === 'metadata' ? metadataOnly : {}),
    });
    if (!answer.ok) {
      // The pages' snapshot has been compacted away: begin again, once, and take everything at once.
      if (answer.failure.status !== 410 || next === '') return answer;
      [objects, next, paged] = [[], '', false];
      continue;
    }
    const { items, metadata } = answer.value.json as { items?: Json; metadata?: { [key: string]: Json } };
    if (!Array.isArray(items)) return { ok: false, failure: transport.fail('server-error', `${path} is no list`) };
    for (const item of items) objects.push(named(item as LiveObject, kind));
    if (objects.length > most) {
      return { ok: false, failure: transport.fail('server-error', `there are more than ${most} ${kind.plural}`) };
    }
    next = typeof metadata?.continue === 'string' ? metadata.continue : '';
    if (next === '') return { ok: true, value: { objects, resourceVersion: String(metadata?.resourceVersion ?? '') } };
  }
}

/** Items of a built-in kind's list carry no kind of their own. */
function named(item: LiveObject, kind: ServedKind): LiveObject {
  if (item.kind !== undefined) return item;
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return { apiVersion, kind: kind.kind, ...item };
}

/** The path of a kind's collection; `namespace` empty means all namespaces, or a cluster-scoped kind. */
export function collectionPath(kind: ServedKind, namespace: string | undefined): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}
