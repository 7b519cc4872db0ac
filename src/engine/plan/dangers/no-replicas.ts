/** No replicas: the workload stops. */
import { titleOf } from '../../objects/object.ts';
import { at } from '../../status/fields.ts';
import type { DangerRule } from './rule.ts';

export const noReplicas: DangerRule = {
  name: 'no-replicas',
  check({ entry, before, after }) {
    if (at(after, 'spec', 'replicas') !== 0 || at(before, 'spec', 'replicas') === 0 || before === undefined) return [];
    return [
      { severity: 'warning', message: `${titleOf(entry.id)} is scaled to no replicas`, path: ['spec', 'replicas'] },
    ];
  },
};
