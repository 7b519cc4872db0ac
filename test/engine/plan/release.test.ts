/** What a HelmRelease says of its release, with helm-controller's defaults; and what Sluice does not do of it, in words. */
import { expect, test } from 'vitest';
import { releaseSpec, runsTest } from '../../../src/engine/plan/releasespec.ts';
import { fromJson, toJson } from '../../../src/engine/yaml/resolve.ts';

const id = { group: 'helm.toolkit.fluxcd.io', version: 'v2', kind: 'HelmRelease', namespace: 'apps', name: 'web' };
const at = { file: '', start: 0, end: 0 };
const specOf = (spec: Parameters<typeof fromJson>[0]) => releaseSpec(id, toJson(fromJson({ spec }, at), 'sigs'));

test('defaults', () => {
  const action = { timeout: 300_000, wait: true, waitForJobs: true, hooks: true, takeOwnership: true };
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
    remedies: { install: 'none', upgrade: 'none' },
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
    install: { remediation: { retries: 3 }, serverSideApply: true },
    upgrade: { serverSideApply: 'disabled' },
  });
  expect(spec.notDone).toEqual([
    'a failed install is not tried again (spec.install.remediation.retries)',
    'it is applied by the server (spec.upgrade.serverSideApply)',
  ]);
});

test('one attempt is the last: it is remediated where helm-controller would remediate its last failure', () => {
  const remedies = (install: object, upgrade: object) =>
    specOf({ install: { remediation: install }, upgrade: { remediation: upgrade } } as never).remedies;
  expect(remedies({}, {})).toEqual({ install: 'none', upgrade: 'none' });
  expect(remedies({ retries: 3 }, { retries: 3 })).toEqual({ install: 'none', upgrade: 'rollback' });
  expect(remedies({ retries: -1 }, { retries: -1 })).toEqual({ install: 'uninstall', upgrade: 'rollback' });
  expect(
    remedies({ remediateLastFailure: true }, { retries: 1, remediateLastFailure: false, strategy: 'uninstall' }),
  ).toEqual({ install: 'uninstall', upgrade: 'none' });
  expect(remedies({}, { retries: 1, strategy: 'uninstall' }).upgrade).toBe('uninstall');
  const retried = specOf({ upgrade: { strategy: { name: 'RetryOnFailure' }, remediation: { retries: 1 } } });
  expect(retried.remedies.upgrade).toBe('none');
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
