/**
 * Flux's inventory ids, `<namespace>_<name>_<group>_<kind>`: how a Kustomization remembers in its status what it applied.
 * Colons, which RBAC names may have, are written as two underscores (cli-utils' object metadata).
 */
import type { ObjectId } from '../objects/object.ts';
import { listAt, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import type { InventoryEntry } from './plan.ts';

const rbac = 'rbac.authorization.k8s.io';
const rbacKinds = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

export function inventoryId(id: Pick<ObjectId, 'group' | 'kind' | 'namespace' | 'name'>): string {
  const name = id.group === rbac && rbacKinds.has(id.kind) ? id.name.replaceAll(':', '__') : id.name;
  return `${id.namespace}_${name}_${id.group}_${id.kind}`;
}

/** The object that an inventory entry stands for; undefined when the id does not parse. */
export function parseInventory(entry: InventoryEntry): ObjectId | undefined {
  const match = /^([^_]*)_(.*)_([^_]*)_([^_]*)$/s.exec(entry.id);
  if (match === null) return undefined;
  const [, namespace, name, group, kind] = match as unknown as [string, string, string, string, string];
  return { group, version: entry.v, kind, namespace, name: name.replaceAll('__', ':') };
}

/** `status.inventory.entries` of a live Kustomization or HelmRelease. */
export function inventoryOf(owner: Json | undefined): readonly InventoryEntry[] {
  return listAt(owner, 'status', 'inventory', 'entries').map((entry) => ({
    id: stringAt(entry, 'id'),
    v: stringAt(entry, 'v'),
  }));
}
