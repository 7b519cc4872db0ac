/**
 * A plan for a pull request: what to look at first, a table for each Flux object that does something, its differences
 * folded below it, and the rest folded away. It fits into a comment: what does not is left out and counted, differences first.
 */
import {
  type Danger,
  dangersOf,
  type Plan,
  type PlanEntry,
  type PlanGroup,
  pathText,
  titleOf,
} from '../../engine/index.ts';
import { printable } from '../paint.ts';
import { formatPlace, type TextOf } from '../problems.ts';
import { differenceOf } from './entry.ts';
import { against, countsText, othersManage } from './text.ts';

/** GitHub takes 65,536 characters for a comment; some are left for whoever adds a line of their own. */
export const commentLimit = 65_000;

export interface MarkdownOptions {
  readonly title: string;
  readonly textOf: TextOf;
  /** How many characters it may have. */
  readonly limit: number;
}

export function planMarkdown(plan: Plan, { title, textOf, limit }: MarkdownOptions): string {
  const page = pageOf(limit - reserve);
  const dangers = dangersOf(plan);
  page.add([`## ${escaped(title)}`, `**${countsText(plan)}** ${escaped(against(plan))}`]);
  page.rows('warnings', {}, alerts(dangers, textOf));
  const busy = plan.groups.filter((group) => shownIn(group).length > 0 || (group.dangers ?? []).length > 0);
  for (const group of busy) groupTable(page, group, textOf);
  const problems = plan.problems.map(
    ({ message, at }) => `- ${at === undefined ? '' : `${code(formatPlace(at, textOf))}: `}${escaped(message)}`,
  );
  page.rows('problems', problems.length === 0 ? {} : { head: ['### Problems', ''] }, problems);
  quiet(page, plan, busy);
  for (const group of busy) {
    for (const entry of shownIn(group)) page.difference(group, entry, textOf);
  }
  return page.text();
}

/** For the sentence that says what was left out. */
const reserve = 400;

interface Page {
  add(parts: readonly string[]): void;
  /** Lines between a head and a tail, as many as there is room for. */
  rows(what: string, frame: Frame, lines: readonly string[]): void;
  /** A difference, below the table of its group. */
  difference(group: PlanGroup, entry: PlanEntry, textOf: TextOf): void;
  group(group: PlanGroup, head: readonly string[], lines: readonly string[]): void;
  text(): string;
}

interface Frame {
  readonly head?: readonly string[];
  readonly tail?: readonly string[];
}

function pageOf(limit: number): Page {
  const parts: (string | PlanGroup)[] = [];
  const below = new Map<PlanGroup, string[]>();
  let left = limit;
  let cut = 0;
  const take = (text: string): boolean => {
    if (text.length + 2 > left) return false;
    left -= text.length + 2;
    return true;
  };
  const rows: Page['rows'] = (what, { head = [], tail = [] }, lines) => {
    if (head.length + lines.length === 0) return;
    if (!take([...head, ...tail].join('\n'))) {
      cut += 1;
      return;
    }
    const fits = lines.filter(take);
    const more = lines.length - fits.length;
    const bullet = lines[0]?.startsWith('>') ? '> - ' : lines[0]?.startsWith('|') ? '\n' : '- ';
    const rest =
      more === 0 || !take(`${bullet}… and ${more} more ${what}`) ? [] : [`${bullet}… and ${more} more ${what}`];
    parts.push([...head, ...fits, ...rest, ...tail].join('\n'));
  };
  return {
    add: (texts) => void parts.push(...texts.filter(take)),
    rows,
    group(group, head, lines) {
      rows('objects', { head }, lines);
      parts.push(group);
    },
    difference(group, entry, textOf) {
      if (!hasDetails(entry)) return;
      // None is as short as that, and working out thousands that nobody sees takes its time.
      const text = left < 150 ? undefined : details(entry, textOf);
      if (text === undefined || !take(text)) cut += 1;
      else below.set(group, [...(below.get(group) ?? []), text]);
    },
    text() {
      const texts = parts.flatMap((part) => (typeof part === 'string' ? [part] : (below.get(part) ?? [])));
      const sentence = `_${cut} ${cut === 1 ? 'part is' : 'parts are'} left out, as a comment has no room for more: \`sluice diff\` shows all of them._`;
      return `${[...texts, ...(cut === 0 ? [] : [sentence])].join('\n\n')}\n`;
    },
  };
}

function shownIn({ entries }: PlanGroup): readonly PlanEntry[] {
  return entries.filter(({ action }) => action !== 'unchanged' && action !== 'skip');
}

function alerts(dangers: readonly Danger[], textOf: TextOf): readonly string[] {
  if (dangers.length === 0) return [];
  const lines = dangers.map(
    ({ message, at }) => `> - ${escaped(message)}${at === undefined ? '' : ` (${code(formatPlace(at, textOf))})`}`,
  );
  const grave = dangers.some(({ severity }) => severity === 'danger');
  return [grave ? '> [!CAUTION]' : '> [!WARNING]', ...lines];
}

function groupTable(page: Page, group: PlanGroup, textOf: TextOf): void {
  const note = group.note === undefined ? [] : [escaped(group.note), ''];
  const rows = shownIn(group).map((entry) => {
    const place = entry.at === undefined ? '' : code(formatPlace(entry.at, textOf));
    return `| ${entry.action} | ${escaped(titleOf(entry.id))} | ${escaped(entry.reason)} | ${place} |`;
  });
  const head = [`### ${escaped(titleOf(group.owner.id))}`, '', ...note];
  page.group(group, rows.length === 0 ? head : [...head, '| | object | why | where |', '|---|---|---|---|'], rows);
}

/** The Flux objects with nothing to do, each with its reason. */
function quiet(page: Page, { groups }: Plan, busy: readonly PlanGroup[]): void {
  const idle = groups.filter((group) => !busy.includes(group));
  const lines = idle.map(({ owner, note }) => `- ${escaped(titleOf(owner.id))}: ${escaped(note ?? 'up to date')}`);
  if (lines.length === 0) return;
  const title = `${lines.length} other ${lines.length === 1 ? 'Flux object' : 'Flux objects'}`;
  page.rows('Flux objects', { head: [`<details><summary>${title}</summary>`, ''], tail: ['', '</details>'] }, lines);
}

function hasDetails({ action, after, changes }: PlanEntry): boolean {
  return changes.length > 0 || (action === 'create' && after !== undefined);
}

function details(entry: PlanEntry, textOf: TextOf): string {
  const { hunks } = differenceOf(entry);
  const lines = hunks.map(({ lines: hunk }) =>
    hunk
      .map(({ kind, text }) => `${kind === 'same' ? ' ' : kind === 'added' ? '+' : '-'}${printable(text)}`)
      .join('\n'),
  );
  const text = lines.join('\n@@\n');
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((match) => match[0].length + 1)));
  const causes = entry.changes.flatMap(({ path, at, manager }) => {
    const owned = othersManage(manager) ? ` (${escaped(manager!)}'s in the cluster)` : '';
    if (at === undefined && owned === '') return [];
    return [`- ${code(pathText(path))}${at === undefined ? '' : `: ${code(formatPlace(at, textOf))}`}${owned}`];
  });
  const caused = causes.length === 0 ? '' : `\n\n${causes.join('\n')}`;
  const title = `${entry.action} ${titleOf(entry.id)}`;
  return `<details><summary>${escaped(title)}</summary>\n\n${fence}diff\n${text}\n${fence}${caused}\n\n</details>`;
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('\n', ' ')
    .replace(/[\\`*_{}[\]<>|#]/g, (char) => `\\${char}`);
}

function code(text: string): string {
  return `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
