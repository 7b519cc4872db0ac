/** A plan for a person at a terminal: by Flux object, each entry with its reason, each change with its line. */
import {
  type Action,
  countsOf,
  dangersOf,
  type Plan,
  type PlanEntry,
  type PlanGroup,
  pathText,
  titleOf,
} from '../../engine/index.ts';
import { type Paint, printable } from '../paint.ts';
import { formatPlace, type TextOf } from '../problems.ts';
import { differenceOf } from './entry.ts';

export function planText(plan: Plan, textOf: TextOf, paint: Paint): string {
  const groups = plan.groups.map((group) => groupText(group, textOf, paint));
  const whole = dangersText(plan.dangers, '', textOf, paint);
  return `${groups.filter((text) => text !== '').join('\n')}\n${whole}${summary(plan, paint)}\n`;
}

const signs: Readonly<Record<Action, readonly [string, Parameters<Paint>[1]]>> = {
  create: ['+', 'green'],
  configure: ['~', 'yellow'],
  recreate: ['±', 'red'],
  delete: ['-', 'red'],
  keep: ['·', 'cyan'],
  unknown: ['?', 'yellow'],
  skip: ['·', 'dim'],
  unchanged: [' ', 'dim'],
};

function groupText(group: PlanGroup, textOf: TextOf, paint: Paint): string {
  const shown = group.entries.filter((entry) => entry.action !== 'unchanged');
  const place = group.owner.at.file === '' ? '' : `  ${paint(formatPlace(group.owner.at, textOf), 'dim')}`;
  const note = group.note === undefined ? '' : `  ${paint(`(${printable(group.note)})`, 'dim')}`;
  const head = `${paint(titleOf(group.owner.id), 'bold')}${place}${note}\n`;
  return (
    head +
    dangersText(group.dangers, '  ', textOf, paint) +
    shown.map((entry) => entryText(entry, textOf, paint)).join('')
  );
}

function dangersText(dangers: PlanEntry['dangers'], indent: string, textOf: TextOf, paint: Paint): string {
  const lines = (dangers ?? []).map(({ severity, message, at }) => {
    const where = at === undefined ? '' : `  ${paint(formatPlace(at, textOf), 'dim')}`;
    return `${indent}${paint(`! ${printable(message)}`, severity === 'danger' ? 'red' : 'yellow')}${where}\n`;
  });
  return lines.join('');
}

function entryText(entry: PlanEntry, textOf: TextOf, paint: Paint): string {
  const [sign, colour] = signs[entry.action];
  const place = entry.at === undefined ? '' : `  ${paint(formatPlace(entry.at, textOf), 'dim')}`;
  const head = `  ${paint(`${sign} ${entry.action} ${titleOf(entry.id)}`, colour)}: ${printable(entry.reason)}${place}\n`;
  const dangers = dangersText(entry.dangers, '      ', textOf, paint);
  const reordered = (entry.reordered ?? []).map((path) => `      another order of items in ${pathText(path)}\n`);
  return head + dangers + reordered.join('') + body(entry, textOf, paint);
}

function body(entry: PlanEntry, textOf: TextOf, paint: Paint): string {
  const worth =
    entry.changes.length > 0 || (entry.action === 'create' && entry.after !== undefined) || entry.awaits !== undefined;
  if (!worth) return '';
  const { hunks, places } = differenceOf(entry);
  const managers = managersText(entry);
  const parts = hunks.map(({ lines }) =>
    lines
      .map((line) => {
        const at = line.after === undefined ? undefined : places.get(line.after);
        const place =
          at === undefined || line.kind === 'same' ? '' : `  ${paint(`# ${formatPlace(at, textOf)}`, 'dim')}`;
        if (line.kind === 'same') return `        ${paint(printable(line.text), 'dim')}\n`;
        const sign = line.kind === 'added' ? '+' : '-';
        return `      ${paint(`${sign} ${printable(line.text)}`, line.kind === 'added' ? 'green' : 'red')}${place}\n`;
      })
      .join(''),
  );
  return parts.join(`      ${paint('…', 'dim')}\n`) + managers;
}

/** Who owns the live values that would change, where it is somebody else than Flux. */
function managersText(entry: PlanEntry): string {
  const lines = entry.changes.flatMap(({ path, manager }) =>
    othersManage(manager) ? [`      ${pathText(path)} is ${manager}'s in the cluster\n`] : [],
  );
  return lines.join('');
}

/** Whether the live value of a field is somebody else's than Flux's. */
export function othersManage(manager: string | undefined): boolean {
  return manager !== undefined && !/^(kustomize|helm)-controller$/.test(manager);
}

const words: readonly (readonly [Action, string])[] = [
  ['create', 'to create'],
  ['configure', 'to change'],
  ['recreate', 'to delete and create again'],
  ['delete', 'to delete'],
  ['keep', 'to keep'],
  ['unknown', 'unknown'],
  ['skip', 'skipped'],
  ['unchanged', 'unchanged'],
];

export function countsText(plan: Plan): string {
  const counts = countsOf(plan);
  const parts = words.flatMap(([action, word]) => (counts[action] === 0 ? [] : [`${counts[action]} ${word}`]));
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function summary(plan: Plan, paint: Paint): string {
  const dangers = dangersOf(plan).length;
  const warned = dangers === 0 ? '' : paint(`; ${dangers} ${dangers === 1 ? 'danger' : 'dangers'}`, 'red');
  return `${countsText(plan)} ${against(plan)}${warned}`;
}

export function against(plan: Plan): string {
  const { target } = plan;
  return target.kind === 'commit' ? `(against ${target.revision})` : `(in ${target.context}, ${target.server})`;
}
