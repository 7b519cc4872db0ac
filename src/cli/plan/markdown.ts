/** A plan for a pull request: a table of what happens, and each difference folded below it. */
import { dangersOf, type Plan, type PlanEntry, pathText, titleOf } from '../../engine/index.ts';
import { printable } from '../paint.ts';
import { formatPlace, type TextOf } from '../problems.ts';
import { differenceOf } from './entry.ts';
import { against, countsText } from './text.ts';

export function planMarkdown(plan: Plan, title: string, textOf: TextOf): string {
  const parts = [`## ${escaped(title)}`, `**${countsText(plan)}** ${escaped(against(plan))}`];
  const dangers = dangersOf(plan);
  if (dangers.length > 0) {
    parts.push(
      dangers
        .map(
          ({ message, at }) =>
            `- ⚠️ ${escaped(message)}${at === undefined ? '' : ` (${code(formatPlace(at, textOf))})`}`,
        )
        .join('\n'),
    );
  }
  for (const group of plan.groups) {
    const shown = group.entries.filter((entry) => entry.action !== 'unchanged' && entry.action !== 'skip');
    if (shown.length === 0 && group.note === undefined) continue;
    parts.push(`### ${escaped(titleOf(group.owner.id))}${group.note === undefined ? '' : `: ${escaped(group.note)}`}`);
    if (shown.length === 0) continue;
    const rows = shown.map((entry) => {
      const place = entry.at === undefined ? '' : code(formatPlace(entry.at, textOf));
      return `| ${entry.action} | ${escaped(titleOf(entry.id))} | ${escaped(entry.reason)} | ${place} |`;
    });
    parts.push(['| | object | why | where |', '|---|---|---|---|', ...rows].join('\n'));
    parts.push(...shown.flatMap((entry) => details(entry, textOf)));
  }
  for (const { message, at } of plan.problems) {
    parts.push(`> ${at === undefined ? '' : `${code(formatPlace(at, textOf))}: `}${escaped(message)}`);
  }
  return `${parts.join('\n\n')}\n`;
}

function details(entry: PlanEntry, textOf: TextOf): readonly string[] {
  if (entry.changes.length === 0) return [];
  const { hunks } = differenceOf(entry);
  const lines = hunks.map(({ lines: hunk }) =>
    hunk
      .map(({ kind, text }) => `${kind === 'same' ? ' ' : kind === 'added' ? '+' : '-'}${printable(text)}`)
      .join('\n'),
  );
  const text = lines.join('\n@@\n');
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((match) => match[0].length + 1)));
  const causes = entry.changes.flatMap(({ path, at }) =>
    at === undefined ? [] : [`- ${code(pathText(path))}: ${code(formatPlace(at, textOf))}`],
  );
  const caused = causes.length === 0 ? '' : `\n\n${causes.join('\n')}`;
  return [
    `<details><summary>${escaped(titleOf(entry.id))}</summary>\n\n${fence}diff\n${text}\n${fence}${caused}\n\n</details>`,
  ];
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('\n', ' ')
    .replace(/[\\`*_{}[\]<>|#]/g, (char) => `\\${char}`);
}

function code(text: string): string {
  return `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
