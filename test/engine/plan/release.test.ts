/** What a HelmRelease says of its release, with helm-controller's defaults; and what Sluice does not do of it, in words. */
import { expect, test } from 'vitest';
import { withRelease } from '../../../src/engine/plan/release.ts';
import { releaseSpec, runsTest } from '../../../src/engine/plan/releasespec.ts';
import { requestsOf } from '../../../src/engine/plan/requests.ts';
import { fromJson, toJson } from '../../../src/engine/yaml/resolve.ts';
import { fakeCluster } from '../fake-cluster.ts';

const id = { group: 'helm.toolkit.fluxcd.io', version: 'v2', kind: 'HelmRelease', namespace: 'apps', name: 'web' };
const at = { file: '', start: 0, end: 0 };
const specOf = (spec: Parameters<typeof fromJson>[0]) => releaseSpec(id, toJson(fromJson({ spec }, at), 'sigs'));

test('defaults', () => {
  const action = {
    timeout: 300_000,
    wait: true,
    waitForJobs: true,
    hooks: true,
    takeOwnership: true,
    propagation: 'Background',
  };
  expect(specOf({})).toEqual({
    name: 'web',
    namespace: 'apps',
    storageNamespace: 'apps',
    maxHistory: 5,
    createNamespace: false,
    install: action,
    upgrade: action,
    uninstall: { ...action, keepHistory: false },
    rollback: action,
    replace: false,
    retries: { install: 0, upgrade: 0 },
    remedies: { install: 'uninstall', upgrade: 'rollback' },
    remediesLast: { install: false, upgrade: false },
    keepsWithOtherChart: false,
    setsApply: false,
    waitsAsHelm3: false,
    remediesTests: { install: true, upgrade: true },
    cleanupOnFail: false,
    drift: 'disabled',
    postRenderersDigest: '',
    commonMetadataDigest: '',
    notDone: [],
  });
});

test('a target namespace names the release, and may be created for it', () => {
  const spec = specOf({
    targetNamespace: 'web',
    storageNamespace: 'flux-system',
    timeout: '1m',
    install: { createNamespace: true, disableWait: true },
    upgrade: { timeout: '5s', disableTakeOwnership: true },
  });
  expect(spec).toMatchObject({
    name: 'web-web',
    namespace: 'web',
    storageNamespace: 'flux-system',
    createNamespace: true,
  });
  expect(spec.install).toMatchObject({ timeout: 60_000, wait: false, takeOwnership: true });
  expect(spec.upgrade).toMatchObject({ timeout: 5000, wait: true, takeOwnership: false });
});

test('what is asked for and not done is said', () => {
  const spec = specOf({
    install: { remediation: { retries: -1 }, serverSideApply: true },
    upgrade: { strategy: { name: 'RetryOnFailure' }, serverSideApply: 'disabled' },
    waitStrategy: { name: 'legacy' },
  });
  expect(spec.notDone).toEqual([
    'a failed install is remedied and not tried again, as Flux would without an end (spec.install.remediation.retries)',
    'a failed upgrade is not tried again after the interval (spec.upgrade.strategy.name)',
    'it is waited for by the rules of kstatus (spec.waitStrategy.name)',
    'it is applied by the server, and nothing is replaced by force (spec.upgrade.serverSideApply)',
  ]);
});

test('a failure is remedied between two attempts, and after the last where helm-controller would do it', () => {
  const asked = (install: object, upgrade: object) => {
    const { retries, remediesLast } = specOf({
      install: { remediation: install },
      upgrade: { remediation: upgrade },
    } as never);
    return [retries.install, remediesLast.install, retries.upgrade, remediesLast.upgrade];
  };
  expect(asked({}, {})).toEqual([0, false, 0, false]);
  expect(asked({ retries: 3 }, { retries: 3 })).toEqual([3, false, 3, true]);
  expect(asked({ retries: -1 }, { retries: -1 })).toEqual([0, true, 0, true]);
  expect(asked({ remediateLastFailure: true }, { retries: 1, remediateLastFailure: false })).toEqual([
    0,
    true,
    1,
    false,
  ]);
  expect(specOf({ upgrade: { remediation: { strategy: 'uninstall' } } }).remedies.upgrade).toBe('uninstall');
  const retried = specOf({ upgrade: { strategy: { name: 'RetryOnFailure' }, remediation: { retries: 1 } } });
  expect(retried.retries.upgrade).toBe('on failure');
});

test('filters choose the tests', () => {
  const runs = (filters: readonly { readonly name: string; readonly exclude?: boolean }[]) => {
    const { test } = specOf({ test: { enable: true, timeout: '5s', filters } } as never);
    expect(test?.timeout).toBe(5000);
    return ['a', 'b'].filter((name) => runsTest(test!, name));
  };
  expect(runs([])).toEqual(['a', 'b']);
  expect(runs([{ name: 'a' }])).toEqual(['a']);
  expect(runs([{ name: 'a', exclude: true }])).toEqual(['b']);
});

test('where the storage of the release that is left cannot be read, no other one is made beside it', async () => {
  const on = fakeCluster();
  const list = on.list.bind(on);
  on.list = async (kind, options, signal) =>
    options?.namespace === 'old'
      ? { ok: false, failure: { reason: 'forbidden', message: 'cannot list secrets in old' } }
      : list(kind, options, signal);
  const state = { exists: true, suspended: false, controlled: false, inventory: [] };
  const left = { name: 'web', namespace: 'apps', storageNamespace: 'old', why: 'it is to be stored elsewhere' };
  const stored = await withRelease(requestsOf(on, 4), state, { spec: specOf({}), left });
  expect(stored.state.release).toMatchObject({ status: 'unknown', trouble: 'cannot list secrets in old' });
});
