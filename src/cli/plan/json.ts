/** A plan for a program. Secrets are masked in it as everywhere. */
import { countsOf, type Danger, type Origin, type Plan, pathText } from '../../engine/index.ts';
import { formatPlace, type TextOf } from '../problems.ts';

export function planJson(plans: readonly Plan[], textOf: TextOf): string {
  const place = (at: Origin | undefined) => (at === undefined || at.file === '' ? {} : { at: formatPlace(at, textOf) });
  const dangersIn = (dangers: readonly Danger[] | undefined) =>
    dangers === undefined
      ? {}
      : { dangers: dangers.map(({ rule, severity, message, at }) => ({ rule, severity, message, ...place(at) })) };
  const out = plans.map((plan) => ({
    target: plan.target,
    counts: countsOf(plan),
    ...dangersIn(plan.dangers),
    groups: plan.groups.map((group) => ({
      owner: group.owner.id,
      ...place(group.owner.at),
      ...(group.note === undefined ? {} : { note: group.note }),
      ...(group.remote === undefined ? {} : { cluster: { server: group.remote.server, by: group.remote.context } }),
      ...dangersIn(group.dangers),
      entries: group.entries.map(({ id, action, reason, before, after, changes, ...entry }) => ({
        id,
        action,
        reason,
        ...place(entry.at),
        ...(entry.movesTo === undefined ? {} : { movesTo: entry.movesTo }),
        ...(entry.estimated === true ? { estimated: true } : {}),
        changes: changes.map((change) => ({
          path: pathText(change.path),
          ...(change.before === undefined ? {} : { before: change.before }),
          ...(change.after === undefined ? {} : { after: change.after }),
          ...place(change.at),
          ...(change.manager === undefined ? {} : { manager: change.manager }),
        })),
        ...(entry.reordered === undefined ? {} : { reordered: entry.reordered.map(pathText) }),
        ...dangersIn(entry.dangers),
        ...(action === 'unchanged' || before === undefined ? {} : { before }),
        ...(action === 'unchanged' || after === undefined ? {} : { after }),
      })),
    })),
    problems: plan.problems.map(({ code, severity, message, at }) => ({ code, severity, message, ...place(at) })),
  }));
  return `${JSON.stringify(out.length === 1 ? out[0] : out, bigints, 2)}\n`;
}

/** JSON has no type for integers beyond 2^53 that every reader keeps, so they are written as text. */
function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
