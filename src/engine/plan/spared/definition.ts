/**
 * Whether a custom resource, as it stands, still satisfies its definition. The server validates an object that is written,
 * also where nothing in it changes, so what was valid by an earlier schema could be refused now: the object must have been
 * written after the last change of its definition, and in the very version that is stored.
 */
import type { LiveObject, ServedKind } from '../../ports.ts';
import { at, intAt, isObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';

/** `appliedAt` is when our manager last changed the object, as the server noted it. */
export function stillDefined(definition: LiveObject, kind: ServedKind, appliedAt: string): boolean {
  if (at(definition, 'metadata', 'deletionTimestamp') !== undefined) return false;
  const versions = listAt(definition, 'spec', 'versions');
  const version = versions.find((one) => stringAt(one, 'name') === kind.version);
  if (version === undefined || at(version, 'storage') !== true) return false;
  // Another version's objects go through a webhook, which may make of them what it wants.
  if (versions.length > 1 && stringAt(definition, 'spec', 'conversion', 'strategy') === 'Webhook') return false;
  return !comparesWithItself(at(version, 'schema')) && isOlder(definition, appliedAt);
}

/** Servers hear of a new definition within moments, and their clocks agree to within a few seconds. */
const margin = 60_000;

function isOlder(definition: LiveObject, appliedAt: string): boolean {
  if (intAt(definition, ['metadata', 'generation'], 0) === 1) return true;
  const changes = listAt(definition, 'metadata', 'managedFields').filter((one) => stringAt(one, 'subresource') === '');
  if (changes.length === 0) return false;
  return changes.every((one) => Date.parse(appliedAt) - Date.parse(stringAt(one, 'time')) > margin);
}

/** Rules about the old object may forbid to leave it as it is. That nothing may change is the usual one, and does not. */
function comparesWithItself(schema: Json | undefined): boolean {
  if (Array.isArray(schema)) return schema.some(comparesWithItself);
  if (!isObject(schema)) return false;
  const rules = listAt(schema, 'x-kubernetes-validations').map((rule) => stringAt(rule, 'rule'));
  if (rules.some((rule) => rule.includes('oldSelf') && !/^\s*self\s*==\s*oldSelf\s*$/.test(rule))) return true;
  return Object.values(schema).some(comparesWithItself);
}
