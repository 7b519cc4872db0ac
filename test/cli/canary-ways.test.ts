/**
 * Every way that a secret's value can take through a render, each by an owner of its own in one fleet: into fields, keys and
 * texts, through functions that change it, from owner to owner, and into the words of whatever fails over it. None of the
 * commands shows it, in any form. (The name and the kind of an object are not hidden: they are what it is asked for by.)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { build } from '../../src/cli/commands/build.ts';
import { check } from '../../src/cli/commands/check.ts';
import { openFleet } from '../../src/cli/fleet.ts';
import { planJson } from '../../src/cli/plan/json.ts';
import { planMarkdown } from '../../src/cli/plan/markdown.ts';
import { planText } from '../../src/cli/plan/text.ts';
import { dangersOf, planLive } from '../../src/engine/index.ts';
import { fakeCluster } from '../engine/fake-cluster.ts';
import { live } from '../engine/sets.ts';
import { findCanary } from './canary.ts';
import { fleetOfWays, folders, named, releases, secret, templates } from './canary-fleet.ts';
import { invoke } from './invoke.ts';

const never = new AbortController().signal;

test('58d: no way through a render and into the words of its failures shows a secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-canary-ways-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(fleetOfWays())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const leaks: string[] = [];
  const look = (channel: string, text: string) => leaks.push(...findCanary(channel, text, [secret]));
  for (const format of ['text', 'json']) {
    const { out, err } = await invoke(check, [folder, '-o', format]);
    look(`check -o ${format}`, out + err);
  }
  const built = await invoke(build, [folder]);
  look('what build says', built.err);
  // As flux build, it prints Secrets as the files have them.
  const documents = built.out.split(/^---\n/m);
  look('what build prints', documents.filter((one) => !/^kind: Secret$/m.test(one)).join('---\n'));
  const invocation = { words: [folder], options: {}, cwd: folder, env: { HOME: '/nowhere' }, signal: never };
  const opened = openFleet({ ...invocation, out: () => undefined, err: () => undefined });
  if (!('render' in opened)) throw new Error(opened.message);
  const sets = await opened.render(opened.roots[0]!, never);
  const spaces = ['flux-system', 'apps'].map(
    (name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`,
  );
  const plan = await planLive(fakeCluster(...live(spaces.join('---\n'))), sets);
  const nowhere = () => undefined;
  look(
    'the text',
    planText(plan, nowhere, (text) => text),
  );
  look('the JSON', planJson([plan], nowhere));
  look('the Markdown', planMarkdown(plan, { title: 'one', textOf: nowhere, limit: 1_000_000 }));
  look(
    'the plan itself',
    JSON.stringify([plan, dangersOf(plan)], (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
  );
  expect(leaks).toEqual([]);
  // No case is one for nothing: each owner has an object that held it, or something to say.
  const dumb = [...Object.keys(templates), ...Object.keys(releases), ...Object.keys(folders)].filter((title) => {
    const mine = sets.filter(({ owner }) => owner.id.name.startsWith(named(title)));
    const touched = mine.some(({ objects }) => objects.some((one) => one.secretValues || one.id.kind === 'Secret'));
    return !touched && !mine.some(({ problems }) => problems.length > 0);
  });
  expect(dumb).toEqual([]);
});
