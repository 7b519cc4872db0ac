/** Deleting a Namespace, a CRD or a claim takes with it what nobody listed. */
import { type ObjectId, titleOf } from '../../objects/object.ts';
import type { DangerRule } from './rule.ts';

const losses: Readonly<Record<string, string>> = {
  Namespace: 'and everything in it, also what Flux did not create',
  'apiextensions.k8s.io/CustomResourceDefinition': 'and every object of its kind in the cluster',
  PersistentVolumeClaim: 'and, unless its class retains volumes, its data',
  PersistentVolume: 'and, unless it is retained, its data',
  'apps/StatefulSet': 'and stops its pods; its claims stay unless its retention policy says otherwise',
};

/** What goes with an object of that kind; undefined where it is only itself. */
export function lossOf({ group, kind }: ObjectId): string | undefined {
  return losses[`${group === '' ? '' : `${group}/`}${kind}`];
}

export const deletesState: DangerRule = {
  name: 'deletes-state',
  check({ entry }) {
    if (entry.action !== 'delete' && entry.action !== 'recreate') return [];
    const loss = lossOf(entry.id);
    if (loss === undefined) return [];
    const verb = entry.action === 'delete' ? 'deletes' : 'deletes and creates again';
    return [{ severity: 'danger', message: `${verb} ${titleOf(entry.id)} ${loss}` }];
  },
};
