/** The digests that helm-controller knows a release by; the expected ones are what v1.6.4 itself wrote for these inputs. */
import { expect, test } from 'vitest';
import {
  commonMetadataDigest,
  configDigest,
  postRenderersDigest,
  recordOf,
  snapshotOf,
} from '../../../src/engine/release/index.ts';

const checkConfig = (config: Parameters<typeof configDigest>[0], want: string) =>
  expect(configDigest(config)).toBe(`sha256:${want}`);

const values = {
  '632bd80235a05f4192aefade': 'v',
  '632bd80ddf416cf32fd50679': 'v',
  a: 12345678901,
  big: 1e21,
  colon: 'a: b # c',
  date: '2020-01-01',
  empty: {},
  false: null,
  int: 12345678901234567000,
  list: [1, 'two', { '1': 2, A: 3, _x: 1, a: [], a10: 1, a2: 2, b: 1 }],
  long: 'word '.repeat(40),
  long2: 'x: word '.repeat(30),
  neg: -1e-7,
  quoted: 'on',
  str: 'multi\nline\n',
  t: true,
  trail: 'multi\n\n',
  uni: 'é\u2028 \t 😀 <b>&',
  z: 1.5,
};

test('of values: keys by code point, numbers to the digit, no values the same as empty ones', () => {
  checkConfig(undefined, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  checkConfig({}, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  checkConfig(values, 'e5d15701f0a97d7d72aa982b7f9ae4195ca79b87425e9f8aebf4eefcd62d151b');
});

test('of post renderers and common metadata; empty where there are none', () => {
  expect(postRenderersDigest({ values: {} })).toBe('');
  expect(commonMetadataDigest({ values: {} })).toBe('');
  const patch = '- op: add\n  path: /metadata/annotations\n  value: { "p": "<&>" }\n';
  const kustomize = {
    images: [{ name: 'x', newTag: '2', newName: 'yy' }],
    patches: [{ target: { name: 'app-cm', kind: 'ConfigMap' }, patch }],
  };
  expect(postRenderersDigest({ postRenderers: [{ kustomize }] })).toBe(
    'sha256:0a0060e139d03556e3419367e63f8a55e6d8fcabfbff9993df859fa0d565a041',
  );
  expect(commonMetadataDigest({ commonMetadata: { labels: { b: '1', a: '2' }, annotations: { q: '<x>' } } })).toBe(
    'sha256:5f8b31261a492c9e135ab93c4715468eb33696269d2eeb4ef4bb8d89fea27044',
  );
});

test('a snapshot of a revision, whose test hooks do not count and whose times are as Go prints them', () => {
  const hook = (event: string) => ({ name: 'h', kind: 'Pod', events: [event], last_run: { phase: '' } });
  const record = (time: string, hooks: readonly ReturnType<typeof hook>[]) =>
    recordOf({
      name: 'app',
      namespace: 'apps',
      version: 2,
      manifest: '---\n',
      info: { first_deployed: time, last_deployed: time, status: 'deployed', description: 'Upgrade complete' },
      chart: { metadata: { name: 'web', version: '1.0.0', apiVersion: 'v2' } },
      hooks,
    });
  const one = snapshotOf(record('2026-01-02T03:04:05.120Z', [hook('test')]), { action: 'upgrade' });
  expect(one).toEqual(snapshotOf(record('2026-01-02T03:04:05.12+00:00', []), { action: 'upgrade' }));
  expect(one).toMatchObject({
    apiVersion: 'v2',
    name: 'app',
    namespace: 'apps',
    version: 2,
    status: 'deployed',
    action: 'upgrade',
    chartName: 'web',
    chartVersion: '1.0.0',
    firstDeployed: '2026-01-02T03:04:05Z',
  });
  const other = snapshotOf(record('2026-01-02T03:04:05.12Z', [hook('pre-install')]), { action: 'upgrade' });
  expect(other.digest).not.toBe(one.digest);
});
