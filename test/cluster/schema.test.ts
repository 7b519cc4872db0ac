/**
 * The API server as the judge of the schema room: good objects are changed in one place each, in every place and way
 * that a slip of the hand can, and the answer of a server-side-apply dry run is compared with what validation says.
 * A problem where the server sees none would be a false alarm: there may be none. What the server refuses for reasons
 * that no schema holds (its own code, webhooks) may pass unseen, and is counted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createSchemas, type LiveObject, parse } from '../../src/engine/index.ts';
import { check } from '../../src/language/index.ts';
import { fleet } from '../language/fleet.ts';
import { rig } from './rig.ts';

const schemas = createSchemas((name) => readFileSync(new URL(`../../data/${name}`, import.meta.url)));
beforeAll(() => schemas.prepare());

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Mutant {
  readonly what: string;
  readonly object: { [key: string]: Json };
}

/** One change in each place of `object`, in every way that fits the value there. */
function mutants(object: { [key: string]: Json }): readonly Mutant[] {
  const found: Mutant[] = [];
  const visit = (value: Json, path: readonly (string | number)[]): void => {
    const at = path.join('.');
    const untouched = at === '' || /^(apiVersion|kind|metadata|metadata\.(name|namespace))$/.test(at);
    if (!untouched) for (const [how, other] of replacements(value)) put(`${at} ${how}`, path, other);
    if (!untouched) put(`${at} removed`, path, undefined);
    if (Array.isArray(value)) {
      value.forEach((item, index) => void visit(item, [...path, index]));
      if (value.length > 0) put(`${at} twice`, path, [...value, structuredClone(value[0]!)]);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
      put(`${at} with an unknown field`, path, { ...value, zzUnknown: 'x' });
    }
  };
  const put = (what: string, path: readonly (string | number)[], value: Json | undefined): void => {
    const copy = structuredClone(object);
    if (path.length === 0) {
      found.push({ what, object: value as { [key: string]: Json } });
      return;
    }
    let parent: Json = copy;
    for (const step of path.slice(0, -1)) parent = (parent as { [key: string]: Json })[step]!;
    const last = path.at(-1)!;
    if (value !== undefined) (parent as { [key: string]: Json })[last] = value;
    else if (Array.isArray(parent)) parent.splice(last as number, 1);
    else delete (parent as { [key: string]: Json })[last];
    found.push({ what, object: copy });
  };
  visit(object, []);
  return found;
}

function replacements(value: Json): readonly (readonly [string, Json])[] {
  if (Array.isArray(value))
    return [
      ['as a mapping', {}],
      ['as a string', 'x'],
      ['empty', []],
      ['null', null],
    ];
  if (value !== null && typeof value === 'object')
    return [
      ['as a list', []],
      ['as a string', 'x'],
      ['null', null],
    ];
  const changes: (readonly [string, Json])[] = [
    ['null', null],
    ['as a mapping', {}],
    ['as a list', []],
  ];
  if (typeof value === 'string')
    changes.push(['other', 'Nonsense!'], ['empty', ''], ['as a number', 5], ['as a boolean', true]);
  if (typeof value === 'number')
    changes.push(['as a string', 'x'], ['negative', -1], ['huge', 99999999999], ['as a fraction', 1.5]);
  if (typeof value === 'boolean') changes.push(['as a string', 'true'], ['as a number', 1]);
  return changes;
}

function judge(object: { [key: string]: Json }): readonly string[] {
  const { root } = parse(JSON.stringify(object), 'object.json').documents[0]!;
  if (root?.kind !== 'mapping') throw new Error('no object');
  // A warning is no verdict: the server takes the object, though not as it is written.
  const errors = schemas.validate(root).filter(({ severity }) => severity === 'error');
  return errors.map(({ message }) => message);
}

const good = parseYaml(readFileSync(new URL('./schema/objects.yaml', import.meta.url), 'utf8')) as {
  [key: string]: Json;
}[];

test.each(good.map((object) => [`${object.apiVersion} ${object.kind}`, object] as const))(
  '%s: no false alarm',
  async (_, object) => {
    const it = rig();
    const namespace = await it.namespace();
    const { kind, apiVersion } = object as { kind: string; apiVersion: string };
    const placed = structuredClone(object);
    const metadata = placed.metadata as { [key: string]: Json };
    if (schemas.kind(apiVersion, kind)?.namespaced) metadata.namespace = namespace;
    const verdict = async (each: { [key: string]: Json }): Promise<string | undefined> => {
      const answer = await it.cluster.apply(each as LiveObject, { manager: 'test', force: true, dryRun: true });
      if (answer.ok) return undefined;
      if (!['invalid', 'server-error', 'unknown-kind'].includes(answer.failure.reason)) {
        if (answer.failure.reason !== 'denied') return `(${answer.failure.reason}) ${answer.failure.message}`;
      }
      return answer.failure.message;
    };
    expect(await verdict(placed)).toBeUndefined();
    expect(judge(placed)).toEqual([]);
    const falseAlarms: string[] = [];
    const missed: string[] = [];
    let caught = 0;
    const all = mutants(placed);
    for (let i = 0; i < all.length; i += 8) {
      const batch = all.slice(i, i + 8);
      const verdicts = await Promise.all(batch.map((mutant) => verdict(mutant.object)));
      for (const [j, { what, object: changed }] of batch.entries()) {
        const ours = judge(changed);
        const theirs = verdicts[j];
        if (theirs === undefined && ours.length > 0) falseAlarms.push(`${what}: ${ours[0]}`);
        else if (theirs !== undefined && ours.length === 0) missed.push(`${what}: ${theirs.slice(0, 200)}`);
        else if (theirs !== undefined) caught++;
      }
    }
    if (process.env.SCHEMA_MISSED) for (const line of missed) console.log(`MISSED ${kind} ${line}`);
    console.log(`${kind}: ${all.length} changes, ${caught} refused by both, ${missed.length} by the server alone`);
    expect(falseAlarms).toEqual([]);
  },
);

test('an object of an older API version, with the offered fix, is accepted', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const root = new URL('../fixtures/older-apis/', import.meta.url);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, root), 'utf8')]));
  const { knowledge } = fleet(files);
  const refused: string[] = [];
  let fixed = 0;
  for (const file of knowledge.workspace.files) {
    for (const { code, at, fixes } of check(file, knowledge)) {
      const edit = code === 'flux-deprecated' ? fixes?.[0]?.edits[0] : undefined;
      const object = file.objects.find(({ node }) => at && node.at.start <= at.start && at.end <= node.at.end);
      if (edit === undefined || object === undefined) continue;
      const { text } = file.source;
      const changed =
        text.slice(object.node.at.start, edit.start) + edit.text + text.slice(edit.end, object.node.at.end);
      const value = parseYaml(changed) as LiveObject & { metadata: object };
      const placed = { ...value, metadata: { ...value.metadata, namespace } } as LiveObject;
      const answer = await it.cluster.apply(placed, { manager: 'test', force: true, dryRun: true });
      if (!answer.ok) refused.push(answer.failure.message);
      fixed++;
    }
  }
  expect(refused).toEqual([]);
  expect(fixed).toBe(10);
});
