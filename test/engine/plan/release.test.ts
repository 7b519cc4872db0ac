/** What a HelmRelease says of its release, with helm-controller's defaults; and what Sluice does not do of it, in words. */
import { expect, test } from 'vitest';
import { releaseSpec } from '../../../src/engine/plan/releasespec.ts';
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
    test: { enable: true },
    install: { remediation: { retries: 3 }, serverSideApply: true },
    upgrade: { serverSideApply: 'disabled' },
    postRenderStrategy: 'nohooks',
  });
  expect(spec.notDone).toEqual([
    'its tests are not run (spec.test.enable)',
    'a failed install is not remediated (spec.install.remediation.retries)',
    'it is applied by the server (spec.upgrade.serverSideApply)',
    'its hooks go through the post renderers with everything else (spec.postRenderStrategy)',
  ]);
});
