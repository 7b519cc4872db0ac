/** Below `spec.values` of a HelmRelease, and in a text that it takes values from: what its chart takes, with the defaults. */
import type { Mapping, Node, Path } from '../../engine/index.ts';
import {
  type ChartValue,
  chartValue,
  chartValues,
  chartValueText,
  releaseAround,
  shortText,
  withinValues,
} from '../chartvalues.ts';
import { type Cursor, cursorAt } from '../cursor.ts';
import { valuesTextAt } from '../valuestext.ts';
import type { Asked, Completion, Source } from './completion.ts';

export const chart: Source = function* (asked, cursor) {
  const within = withinValues(cursor.path);
  if (within === undefined || asked.kind !== 'HelmRelease' || asked.releaseValues === undefined) return;
  const release = releaseAround(asked.file, asked.offset, cursor.document);
  if (release !== undefined) yield* taken(release, within, asked, cursor);
};

/** In the text of a ConfigMap or a Secret; undefined elsewhere. */
export function inValuesText(asked: Asked): readonly Completion[] | undefined {
  const found = valuesTextAt(asked.file, asked.offset, asked);
  if (found === undefined) return undefined;
  const cursor = cursorAt(found.text, asked.offset);
  return cursor && found.releases.flatMap((release) => [...taken(release, cursor.path, asked, cursor)]);
}

function* taken(release: Mapping, within: Path, asked: Asked, cursor: Cursor): Iterable<Completion> {
  if (cursor.key !== undefined) {
    const value = chartValue(release, [...within, cursor.key], asked);
    return value === undefined ? undefined : yield* choices(value, cursor);
  }
  for (const one of chartValues(release, within, asked))
    if (!cursor.siblings.has(one.name)) yield key(one, asked, cursor);
}

function key(one: ChartValue, asked: Asked, cursor: Cursor): Completion {
  const named = asked.text[cursor.end] === ':';
  return {
    label: one.name,
    kind: 'field',
    detail:
      one.default === undefined ? (one.schema.type ?? 'a value of the chart') : `default ${shortText(one.default)}`,
    documentation: chartValueText(one, asked),
    insert: named ? one.name : `${one.name}:${opening(one, cursor.column)}`,
    snippet: !named,
    start: cursor.start,
    end: cursor.end,
    rank: 2,
  };
}

/** A scalar's default is there to be written over. */
function opening({ default: value, schema }: ChartValue, column: number): string {
  const indent = ' '.repeat(column + 2);
  if (value?.kind === 'mapping' || schema.type === 'object') return `\n${indent}$0`;
  if (value?.kind === 'sequence' || schema.type === 'array') return `\n${indent}- $0`;
  return value === undefined || !isShort(value) ? ' $0' : ` \${0:${written(value).replaceAll(/[\\$}]/g, '\\$&')}}`;
}

function isShort(value: Node): boolean {
  return value.kind === 'scalar' && value.text.length <= 40 && !value.text.includes('\n');
}

/** As it stands in the chart: text that looks like a number stays text. */
function written(value: Node): string {
  if (value.kind !== 'scalar') return '';
  if (value.style === 'single') return `'${value.text.replaceAll("'", "''")}'`;
  return value.style === 'double' || value.text === '' ? JSON.stringify(value.text) : value.text;
}

function* choices({ default: value, schema }: ChartValue, cursor: Cursor): Iterable<Completion> {
  const texts = new Map<string, string>();
  if (value?.kind === 'scalar' && isShort(value)) texts.set(written(value), 'default');
  for (const one of schema.enum ?? []) texts.set(String(one), texts.get(String(one)) ?? 'value');
  const isSwitch = schema.type === 'boolean' || (value?.kind === 'scalar' && /^(true|false)$/.test(value.text));
  if (isSwitch) for (const one of ['true', 'false']) texts.set(one, texts.get(one) ?? 'value');
  for (const [text, detail] of texts) {
    const rank = detail === 'default' ? 1 : 3;
    yield { label: text, kind: 'value', detail, insert: text, start: cursor.start, end: cursor.end, rank };
  }
}
