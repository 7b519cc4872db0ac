/**
 * The way back after an apply beside the real controllers: it is found in the cluster by whoever looks, `sluice push`
 * takes it, and the commit is followed to its workloads; or it ends at the step that fails, with its words.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { git } from '../../scripts/cluster/repository.ts';
import { openWaysBack } from '../../src/engine/index.ts';
import { sluice } from './cli.ts';
import { type LiveFleet, liveFleet, removeFleet } from './live-fleet.ts';
import { type Rig, refOf, rig, value } from './rig.ts';

let it: Rig;
let fleet: LiveFleet;

beforeAll(async () => {
  it = rig();
  fleet = await liveFleet(it, 'way-back-fleet');
  await git(it.layout, fleet.folder, ['config', 'user.name', 'Sluice']);
  await git(it.layout, fleet.folder, ['config', 'user.email', 'sluice@example.com']);
});
afterAll(() => removeFleet(it));

const context = ['--context', 'sluice-loopback'];
const root = ['--cluster', 'clusters/production'];
const here = () => [fleet.folder, ...root, ...context];
const head = async () => (await git(it.layout, fleet.folder, ['rev-parse', 'HEAD'])).trim();
const replicas = () => it.kubectl(['get', 'deployment/api', '-n', 'apps', '-o', 'jsonpath={.spec.replicas}']);
const generation = async () =>
  (value(await it.cluster.get(refOf('apps/v1', 'Deployment', 'apps', 'api'))).metadata as { generation: number })
    .generation;

/** Nobody reconciles the fleet's releases, whose charts are elsewhere: this says of each what helm-controller says of one that it installed. */
async function installReleases(): Promise<void> {
  const names = await it.kubectl(['get', 'helmreleases', '-n', 'flux-system', '-o', 'name']);
  for (const name of names.trim().split('\n')) {
    const conditions = [
      {
        type: 'Ready',
        status: 'True',
        reason: 'InstallSucceeded',
        message: 'Helm install succeeded',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const live = JSON.parse(await it.kubectl(['get', name, '-n', 'flux-system', '-o', 'json']));
    const status = { observedGeneration: live.metadata.generation, conditions };
    const patch = JSON.stringify({ status });
    await it.kubectl(['patch', name, '-n', 'flux-system', '--subresource=status', '--type=merge', '-p', patch]);
  }
}

test('applied, shown as suspended, pushed, resumed and followed to the workloads: the controllers change nothing', async () => {
  fleet.edit('apps/production/api/kustomization.yaml', /count: \d+/, 'count: 5');
  const applied = await sluice(it.layout, ['apply', ...here(), '--yes']);
  expect(applied.code, applied.out + applied.err).toBe(0);
  expect(await replicas()).toBe('5');
  const stood = await generation();

  const open = value(await openWaysBack(it.cluster));
  expect(open.map(({ owner }) => owner.name)).toContain('apps');
  expect(open[0]).toMatchObject({
    source: { kind: 'GitRepository', namespace: 'flux-system', name: 'flux-system' },
    suspension: {
      when: expect.stringMatching(/^20/),
      who: expect.stringMatching(/./),
      why: expect.stringMatching(/plan/),
    },
  });
  const get = await sluice(it.layout, ['get', 'kustomizations', ...context]);
  expect(get.out).toMatch(
    /kustomization\/apps\s+suspended.*suspended by Sluice: .*a plan of the workspace was applied/,
  );

  const unasked = await sluice(it.layout, ['push', ...here(), '-m', 'Five']);
  expect(unasked.code).toBe(2);
  expect(unasked.err).toMatch(/commit and push to main of origin \(http:.*say so with --yes/);
  const before = await head();
  expect(await replicas()).toBe('5');

  await installReleases();
  const pushed = await sluice(it.layout, ['push', ...here(), '-m', 'Five', '--yes', '--timeout', '240']);
  expect(pushed.code, pushed.out + pushed.err).toBe(0);
  const commit = await head();
  expect(commit).not.toBe(before);
  expect(pushed.out).toContain('  apps/production/api/kustomization.yaml\n');
  expect(pushed.out).toContain(`pushed ${commit} to main of origin`);
  expect(pushed.out).toMatch(/source: GitRepository flux-system\/flux-system is there/);
  expect(pushed.out).toMatch(/Kustomization flux-system\/apps is resumed/);
  expect(pushed.out).toMatch(/kustomizations: Kustomization flux-system\/apps is there/);
  expect(pushed.out).toMatch(/releases: HelmRelease flux-system\/cert-manager is there: Helm install succeeded/);
  expect(pushed.out).toMatch(/workloads: Deployment apps\/api is there/);
  expect(pushed.out.trimEnd().split('\n').at(-1)).toBe(`ready: ${commit.slice(0, 8)} is there`);
  expect(value(await openWaysBack(it.cluster))).toEqual([]);
  expect(await generation()).toBe(stood);
});

test('a commit that does not build ends at its Kustomization, with the controller’s words', async () => {
  fleet.edit('apps/production/kustomization.yaml', '  - api\n', '  - api\n  - missing\n');
  const commit = await fleet.repository.push('Broken');
  await fleet.fetched();
  const ran = await sluice(it.layout, ['follow', commit, '--path', fleet.folder, ...context, '--timeout', '240']);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^failed at kustomizations: Kustomization flux-system\/apps: .*missing/m);
  fleet.edit('apps/production/kustomization.yaml', '  - missing\n', '');
  await fleet.followed(await fleet.repository.push('Whole again'));
});

test('a commit that was never pushed ends in time at the source; an older one is there with the newer', async () => {
  await git(it.layout, fleet.folder, ['commit', '--quiet', '--allow-empty', '-m', 'Only here']);
  const ran = await sluice(it.layout, ['follow', '--path', fleet.folder, ...context, '--timeout', '1']);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^timeout at source: GitRepository flux-system\/flux-system: at main@sha1:/m);
  await installReleases();
  const older = await sluice(it.layout, ['follow', 'HEAD~1', '--path', fleet.folder, ...context, '--timeout', '240']);
  expect(older.code, older.out + older.err).toBe(0);
  const unknown = await sluice(it.layout, ['follow', 'nothing', '--path', fleet.folder, ...context]);
  expect(unknown).toMatchObject({ code: 2, err: 'sluice follow: there is no commit nothing here\n' });
});
