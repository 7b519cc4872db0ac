/** Rights that nobody had before: wildcards, secrets, escalation, new bindings to powerful roles. */
import { titleOf } from '../../objects/object.ts';
import { listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import type { DangerRule, Finding } from './rule.ts';

export const widensRbac: DangerRule = {
  name: 'widens-rbac',
  check({ entry, before, after }) {
    if (entry.id.group !== 'rbac.authorization.k8s.io' || after === undefined) return [];
    const title = titleOf(entry.id);
    if (entry.id.kind.endsWith('Binding')) return binding(title, before, after);
    const had = new Set(rights(before));
    const now = rights(after).filter((right) => !covers(had, right));
    if (now.length === 0 || (before === undefined && !now.some(isStrong))) return [];
    const shown = now.length > 4 ? `${now.slice(0, 4).join(', ')} and ${now.length - 4} more` : now.join(', ');
    const severity = now.some(isStrong) ? ('danger' as const) : ('warning' as const);
    return [{ severity, message: `${title} grants ${shown}`, path: ['rules'] }];
  },
};

/** `verb on resource.group`, one for each that the rules grant; ` named x` where it is of one object alone. */
function rights(role: Json | undefined): readonly string[] {
  return listAt(role, 'rules').flatMap((rule) => {
    const texts = (field: string) => listAt(rule, field).map(String);
    const groups = texts('apiGroups');
    const kinds = texts('resources').flatMap((resource) =>
      (groups.length === 0 ? [''] : groups).map((group) => {
        if (resource === '*' && group === '*') return '*';
        return `${resource}${group === '' ? '' : `.${group}`}`;
      }),
    );
    const names = texts('resourceNames');
    const things = kinds.flatMap((kind) =>
      names.length === 0 ? [kind] : names.map((name) => `${kind} named ${name}`),
    );
    return texts('verbs').flatMap((verb) =>
      [...things, ...texts('nonResourceURLs')].map((thing) => `${verb} on ${thing}`),
    );
  });
}

/** Whether what was granted covers a right: of all objects of the kind, where the right is of one. */
function covers(had: ReadonlySet<string>, right: string): boolean {
  return had.has('* on *') || had.has(right) || had.has(right.replace(/ named .*$/, ''));
}

function isStrong(right: string): boolean {
  return /^\* |\*|^(escalate|bind|impersonate) | on secrets$| on (pods\/exec|nodes\/proxy)$/.test(right);
}

function binding(title: string, before: Json | undefined, after: Json): readonly Finding[] {
  const subjects = (object: Json | undefined) =>
    listAt(object, 'subjects').map(
      (s) =>
        `${stringAt(s, 'kind')} ${[stringAt(s, 'namespace'), stringAt(s, 'name')].filter((p) => p !== '').join('/')}`,
    );
  const role = stringAt(after, 'roleRef', 'name');
  // Another role is new to all of them.
  const had = new Set(stringAt(before, 'roleRef', 'name') === role ? subjects(before) : []);
  const now = subjects(after).filter((subject) => !had.has(subject));
  const everybody = now.some((subject) =>
    /system:(authenticated|unauthenticated|anonymous|serviceaccounts)$/.test(subject),
  );
  const strong = role === 'cluster-admin' || everybody;
  if (now.length === 0 || (before === undefined && !strong)) return [];
  return [
    {
      severity: strong ? 'danger' : 'warning',
      message: `${title} gives ${role} to ${now.join(', ')}`,
      path: had.size === 0 && before !== undefined ? ['roleRef'] : ['subjects'],
    },
  ];
}
