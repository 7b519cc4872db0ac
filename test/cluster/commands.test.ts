/** `sluice get`, `reconcile`, `suspend`, `resume`, `trace` and `tree` on the live fleet, beside what flux itself says. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sluice, startSluice } from './cli.ts';
import { type LiveFleet, liveFleet, removeFleet } from './live-fleet.ts';
import { type Rig, rig } from './rig.ts';

let it: Rig;
let fleet: LiveFleet;

beforeAll(async () => {
  it = rig();
  fleet = await liveFleet(it, 'commands-fleet');
});
afterAll(() => removeFleet(it));

const here = ['-n', 'flux-system', '--context', 'sluice-loopback'];

async function flux(...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: it.layout.kubeconfig };
  return (await promisify(execFile)(it.tool('flux'), args, { env })).stdout;
}

test('get lists what flux get lists', async () => {
  const ours = await sluice(it.layout, ['get', 'kustomizations', '--context', 'sluice-loopback', '-o', 'json']);
  expect(ours.code).toBe(0);
  // NAME, REVISION, SUSPENDED, READY, MESSAGE, between tabs and blanks
  const rows = (await flux('get', 'kustomizations', '--no-header')).trim().split('\n');
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    const name = row.split(/\s+/)[0]!;
    expect(ours.out).toContain(`"${name}"`);
  }
  expect(rows.every((row) => /\sTrue\s/.test(row))).toBe(true);
});

test('reconcile fetches and applies what was pushed, and waits for it', async () => {
  fleet.edit('apps/production/api/kustomization.yaml', /count: \d+/, 'count: 2');
  const commit = await fleet.repository.push('Two replicas');
  const ran = await sluice(it.layout, ['reconcile', 'Kustomization/apps', ...here, '--with-source']);
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toContain(`Applied revision: main@sha1:${commit}`);
  expect(await it.kubectl(['get', 'deployment/api', '-n', 'apps', '-o', 'jsonpath={.spec.replicas}'])).toBe('2');
});

test('reconcile of something that does not build says what is wrong and ends badly', async () => {
  fleet.edit('apps/production/kustomization.yaml', '  - api\n', '  - api\n  - missing\n');
  await fleet.repository.push('Broken');
  const ran = await sluice(it.layout, ['reconcile', 'Kustomization/apps', ...here, '--with-source']);
  expect(ran.code).toBe(1);
  expect(ran.out + ran.err).toMatch(/missing/);
  fleet.edit('apps/production/kustomization.yaml', '  - missing\n', '');
  await fleet.repository.push('Whole again');
  const again = await sluice(it.layout, ['reconcile', 'Kustomization/apps', ...here, '--with-source']);
  expect(again.code, again.err).toBe(0);
});

test('suspended is said and not reconciled; resumed is', async () => {
  const suspended = await sluice(it.layout, ['suspend', 'Kustomization/apps', ...here, '--reason', 'a test']);
  expect(suspended.code, suspended.err).toBe(0);
  const ran = await sluice(it.layout, ['reconcile', 'Kustomization/apps', ...here]);
  expect(ran.code).not.toBe(0);
  expect(ran.out + ran.err).toMatch(/suspended/);
  const get = await sluice(it.layout, ['get', 'kustomizations', '--context', 'sluice-loopback']);
  expect(get.out).toMatch(/kustomization\/apps\s+suspended/);
  const resumed = await sluice(it.layout, ['resume', 'Kustomization/apps', ...here]);
  expect(resumed.code, resumed.err).toBe(0);
  expect(
    await it.kubectl(['get', 'kustomization/apps', '-n', 'flux-system', '-o', 'jsonpath={.spec.suspend}']),
  ).not.toBe('true');
});

test('tree shows what flux tree shows', async () => {
  const ours = await sluice(it.layout, ['tree', 'Kustomization/flux-system', ...here]);
  expect(ours.code, ours.err).toBe(0);
  // As sets: a root Kustomization applies itself, which flux tree leaves out of its children.
  const objects = (text: string) =>
    new Set([...text.matchAll(/^[│├└─\s]*([A-Z]\w+)[/ ](\S+)/gm)].map(([, kind, name]) => `${kind} ${name}`));
  expect(objects(ours.out)).toEqual(objects(await flux('tree', 'kustomization', 'flux-system')));
});

test('trace leads from an object to its commit', async () => {
  const ran = await sluice(it.layout, ['trace', 'Deployment/api', '-n', 'apps', '--context', 'sluice-loopback']);
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toMatch(
    /Kustomization flux-system\/apps[\s\S]*GitRepository flux-system\/flux-system[\s\S]*main@sha1:/,
  );
});

test('get --watch follows until it is interrupted', async () => {
  const watching = startSluice(it.layout, ['get', 'kustomizations', '--context', 'sluice-loopback', '--watch']);
  await expect.poll(() => watching.out()).toMatch(/kustomization\/apps/);
  await sluice(it.layout, ['suspend', 'Kustomization/infrastructure', ...here]);
  await expect.poll(() => watching.out()).toMatch(/kustomization\/infrastructure\s+suspended/);
  watching.interrupt();
  const { code } = await watching.done;
  expect(code).not.toBe(2);
  await sluice(it.layout, ['resume', 'Kustomization/infrastructure', ...here]);
});

test('a kind that nobody knows and an object that is not there are one sentence each', async () => {
  const kind = await sluice(it.layout, ['get', 'widgets', '--context', 'sluice-loopback']);
  expect(kind.code).toBe(2);
  expect(kind.err).toMatch(/widgets/);
  const object = await sluice(it.layout, ['reconcile', 'Kustomization/nobody', ...here]);
  expect(object.code).toBe(2);
  expect(object.err).toMatch(/nobody/);
});
