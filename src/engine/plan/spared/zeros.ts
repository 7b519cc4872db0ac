/**
 * What Flux sends of a built-in kind although nobody wrote it: it goes through Go's types, which print some fields when they
 * are empty, too (`strategy: {}`, `targetPort: 0`). The server keeps of such a struct what others own, and fills in its
 * default for the rest: nothing changes where the default is what is there.
 */
import { isObject, type JsonObject } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { same } from '../changes.ts';

/** Where a mapping is: in `apps/v1/Deployment`, by the fields on the way to it (`/spec/template`). */
export interface Place {
  readonly kind: string;
  readonly path: string;
}

/** Whether a field that is sent as nothing would be filled in with what is live. */
export function isFilledIn({ kind, path }: Place, field: string, wanted: JsonObject, live: JsonObject): boolean {
  const [sent, is] = [wanted[field], Object.hasOwn(live, field) ? live[field] : undefined];
  if (is === undefined) return false;
  if (kind === 'v1/Service' && path === '/spec/ports')
    return field === 'targetPort' && sent === 0 && live.port !== undefined && same(is, live.port);
  const usual = path === '/spec' ? defaults[`${kind} ${field}`] : undefined;
  return usual !== undefined && isObject(sent) && Object.keys(sent).length === 0 && same(is, usual);
}

/** By kind and field of its spec. */
const defaults: Readonly<Record<string, Json>> = {
  'apps/v1/DaemonSet updateStrategy': { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  'apps/v1/Deployment strategy': {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
  },
  'apps/v1/StatefulSet updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
};
