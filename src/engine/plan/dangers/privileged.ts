/** Containers that get more of the node than they had. */
import { titleOf } from '../../objects/object.ts';
import { at, isObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import type { DangerRule, Finding } from './rule.ts';

export const privileged: DangerRule = {
  name: 'privileged',
  check({ entry, before, after }) {
    if (after === undefined) return [];
    const had = new Set(powers(before).map(({ power }) => power));
    return powers(after)
      .filter(({ power }) => !had.has(power))
      .map(({ power, path }): Finding => ({ severity: 'danger', message: `${titleOf(entry.id)}: ${power}`, path }));
  },
};

interface Power {
  readonly power: string;
  readonly path: readonly (string | number)[];
}

/** Where each kind keeps its pod. */
const pods: readonly (readonly string[])[] = [
  ['spec'],
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
];

function powers(object: Json | undefined): readonly Power[] {
  const pod = pods.find((path) => isObject(at(object, ...path)) && Array.isArray(at(object, ...path, 'containers')));
  const spec = pod === undefined ? undefined : at(object, ...pod);
  if (pod === undefined || spec === undefined) return [];
  const out = ['hostNetwork', 'hostPID', 'hostIPC'].flatMap((field): readonly Power[] =>
    at(spec, field) === true ? [{ power: `its pods use ${field}`, path: [...pod, field] }] : [],
  );
  for (const [index, volume] of listAt(spec, 'volumes').entries()) {
    const path = stringAt(volume, 'hostPath', 'path');
    const inside = [...pod, 'volumes', index, 'hostPath', 'path'];
    if (path !== '') out.push({ power: `its pods mount the node's ${path}`, path: inside });
  }
  for (const list of ['initContainers', 'containers']) {
    for (const [index, container] of listAt(spec, list).entries()) {
      const path = [...pod, list, index, 'securityContext'];
      out.push(...containerPowers(container).map(([power, field]) => ({ power, path: [...path, field] })));
    }
  }
  return out;
}

/** Each with the field of the security context that gives it. */
function containerPowers(container: Json): readonly (readonly [power: string, field: string])[] {
  const name = stringAt(container, 'name');
  const out: [string, string][] = [];
  if (at(container, 'securityContext', 'privileged') === true)
    out.push([`the container ${name} runs privileged`, 'privileged']);
  const added = listAt(container, 'securityContext', 'capabilities', 'add').map(String);
  const strong = added.filter((one) =>
    ['SYS_ADMIN', 'CAP_SYS_ADMIN', 'ALL', 'NET_ADMIN', 'SYS_PTRACE', 'SYS_MODULE'].includes(one),
  );
  if (strong.length > 0) out.push([`the container ${name} gets the capabilities ${strong.join(', ')}`, 'capabilities']);
  return out;
}
