/**
 * What Flux takes over before it applies: fields that kubectl, or Flux itself before server-side apply, own become Flux's
 * own, so that a field removed from Git is removed from the cluster; kubectl's last-applied annotation goes away.
 */
import type { LiveObject } from '../ports.ts';
import { helmManager } from '../release/index.ts';
import { at, isObject, type JsonObject, listAt, stringAt, stringsAt } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Json } from '../yaml/resolve.ts';
import { marked } from './exempt.ts';

const annotations = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'kustomize.toolkit.fluxcd.io/checksum',
  'fluxcd.io/sync-checksum',
];
const labels = ['fluxcd.io/sync-gc-mark'];

/** Prefix of a manager's name and the operation by which it owned fields. Helm leaves what others own to them. */
const takenOver = (manager: string): readonly (readonly [string, string])[] =>
  manager === helmManager
    ? [[manager, 'Update']]
    : [
        ['kubectl', 'Apply'],
        ['kubectl', 'Update'],
        ['before-first-apply', 'Update'],
        [manager, 'Update'],
      ];

/** The JSON patch that hands those fields to `manager`; empty when there is nothing to take over. */
export function cleanupPatch(desired: Json, live: Json | undefined, manager: string): readonly LiveObject[] {
  if (live === undefined || marked(desired, 'ssa', 'Merge') || marked(live, 'ssa', 'Merge')) return [];
  const patch: LiveObject[] = [];
  const [hasAnnotations, hasLabels] = [
    stringsAt(live, 'metadata', 'annotations'),
    stringsAt(live, 'metadata', 'labels'),
  ];
  if (manager !== helmManager)
    for (const key of annotations) if (key in hasAnnotations) patch.push(removal('annotations', key));
  if (manager !== helmManager) for (const key of labels) if (key in hasLabels) patch.push(removal('labels', key));
  const managed = replacedManagers(live, manager);
  if (managed !== undefined) patch.push({ op: 'replace', path: '/metadata/managedFields', value: managed });
  return patch;
}

function removal(place: string, key: string): LiveObject {
  return { op: 'remove', path: `/metadata/${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` };
}

function replacedManagers(live: Json, manager: string): readonly Json[] | undefined {
  const entries = listAt(live, 'metadata', 'managedFields');
  let ours = entries.find((e) => stringAt(e, 'manager') === manager && stringAt(e, 'operation') === 'Apply');
  const kept: Json[] = [];
  let edited = false;
  for (const entry of entries) {
    if (entry === ours) continue;
    if (!isTaken(entry, manager)) {
      kept.push(entry);
      continue;
    }
    edited = true;
    if (ours === undefined) ours = { ...(entry as JsonObject), manager, operation: 'Apply' };
    else ours = { ...(ours as JsonObject), fieldsV1: merged(at(ours, 'fieldsV1'), at(entry, 'fieldsV1')) };
  }
  return edited && ours !== undefined ? [...kept, ours] : undefined;
}

function isTaken(entry: Json, manager: string): boolean {
  if (stringAt(entry, 'subresource') !== '') return false;
  return takenOver(manager).some(
    ([prefix, operation]) =>
      stringAt(entry, 'manager').startsWith(prefix) && stringAt(entry, 'operation') === operation,
  );
}

/** The union of two field sets, which are tries of names. */
function merged(a: Json | undefined, b: Json | undefined): Json {
  if (!isObject(a)) return b ?? {};
  if (!isObject(b)) return a;
  const out: Record<string, Json> = { ...a };
  for (const [key, value] of Object.entries(b)) out[key] = key in out ? merged(out[key], value) : value;
  return out;
}

/** What the plan says of an object that is written only for this. */
export function cleanupReason(patch: readonly LiveObject[]): string {
  const managers = patch.some((step) => step.path === '/metadata/managedFields');
  return managers
    ? 'only the ownership of fields changes: Flux takes over what kubectl applied'
    : `removes ${canonical(patch.map((step) => step.path ?? ''))}`;
}
