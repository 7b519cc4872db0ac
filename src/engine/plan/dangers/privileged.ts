/** Containers that get more of the node than they had. */
import { titleOf } from '../../objects/object.ts';
import { at, isObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import type { DangerRule, Finding } from './rule.ts';

export const privileged: DangerRule = {
  name: 'privileged',
  check({ entry, before, after }) {
    if (after === undefined) return [];
    const had = new Set(powers(before));
    return powers(after)
      .filter((power) => !had.has(power))
      .map((power): Finding => ({ severity: 'danger', message: `${titleOf(entry.id)}: ${power}` }));
  },
};

/** Where each kind keeps its pod. */
const pods: readonly (readonly string[])[] = [
  ['spec'],
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
];

function powers(object: Json | undefined): readonly string[] {
  const spec = pods.map((path) => at(object, ...path)).find((one) => isObject(one) && Array.isArray(one.containers));
  if (spec === undefined) return [];
  const out = ['hostNetwork', 'hostPID', 'hostIPC'].flatMap((field) =>
    at(spec, field) === true ? [`its pods use ${field}`] : [],
  );
  for (const volume of listAt(spec, 'volumes')) {
    const path = stringAt(volume, 'hostPath', 'path');
    if (path !== '') out.push(`its pods mount the node's ${path}`);
  }
  for (const list of ['initContainers', 'containers']) {
    for (const container of listAt(spec, list)) out.push(...containerPowers(container));
  }
  return out;
}

function containerPowers(container: Json): readonly string[] {
  const name = stringAt(container, 'name');
  const out: string[] = [];
  if (at(container, 'securityContext', 'privileged') === true) out.push(`the container ${name} runs privileged`);
  const added = listAt(container, 'securityContext', 'capabilities', 'add').map(String);
  const strong = added.filter((one) =>
    ['SYS_ADMIN', 'CAP_SYS_ADMIN', 'ALL', 'NET_ADMIN', 'SYS_PTRACE', 'SYS_MODULE'].includes(one),
  );
  if (strong.length > 0) out.push(`the container ${name} gets the capabilities ${strong.join(', ')}`);
  return out;
}
