/** Without its policy, traffic that was kept out comes in. */
import { titleOf } from '../../objects/object.ts';
import type { DangerRule } from './rule.ts';

export const removesNetworkPolicy: DangerRule = {
  name: 'removes-network-policy',
  check({ entry }) {
    if (entry.action !== 'delete' || !policies.has(`${entry.id.group}/${entry.id.kind}`)) return [];
    return [{ severity: 'danger', message: `removes ${titleOf(entry.id)}: what it kept out can come in` }];
  },
};

const policies = new Set([
  'networking.k8s.io/NetworkPolicy',
  'cilium.io/CiliumNetworkPolicy',
  'cilium.io/CiliumClusterwideNetworkPolicy',
  'crd.projectcalico.org/NetworkPolicy',
  'crd.projectcalico.org/GlobalNetworkPolicy',
  'projectcalico.org/NetworkPolicy',
]);
