/** Helm's release records: what is written is read again, and what is no record is nothing. */
import { gunzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { idOf, titleOf } from '../../../src/engine/objects/object.ts';
import type { Cluster, LiveObject } from '../../../src/engine/ports.ts';
import {
  createRelease,
  decodeRecord,
  objectsIn,
  readReleases,
  recordOf,
  updateRelease,
  withStatus,
} from '../../../src/engine/release/index.ts';

const record = recordOf({
  name: 'app',
  version: 3,
  namespace: 'apps',
  manifest: '---\n# Source: app/templates/a.yaml\nkind: X\n',
  info: { status: 'pending-upgrade', description: 'Preparing upgrade', first_deployed: '2026-01-01T00:00:00Z' },
  chart: { metadata: { name: 'app', version: '1.0.0' }, unknown: [1, 2.5, null] },
});
const where = { namespace: 'flux-system', name: 'app' };

/** A cluster that keeps one Secret. */
function one(): { readonly cluster: Cluster; secret(): LiveObject } {
  let kept: LiveObject = {};
  const answer = (value: LiveObject) => Promise.resolve({ ok: true as const, value });
  const cluster = {
    create: (object: LiveObject) => {
      kept = object;
      return answer(kept);
    },
    patch: (_ref: unknown, patch: LiveObject) => {
      kept = { ...kept, ...patch };
      return answer(kept);
    },
    list: () => Promise.resolve({ ok: true, value: [{ kind: 'Secret' }, kept] }),
  };
  return { cluster: cluster as unknown as Cluster, secret: () => kept };
}

test('a record is a Secret as Helm has it: base64 of gzip of JSON, and labels to find it by', async () => {
  const { cluster, secret } = one();
  await createRelease(cluster, where, record, 1_700_000_000_500);
  const { data, metadata, type } = secret() as unknown as { data: { release: string }; metadata: object; type: string };
  expect(type).toBe('helm.sh/release.v1');
  expect(metadata).toEqual({
    name: 'sh.helm.release.v1.app.v3',
    namespace: 'flux-system',
    labels: { createdAt: '1700000000', name: 'app', owner: 'helm', status: 'pending-upgrade', version: '3' },
  });
  const packed = Buffer.from(Buffer.from(data.release, 'base64').toString(), 'base64');
  expect(JSON.parse(new TextDecoder().decode(gunzipSync(packed)))).toEqual(record.json);
  expect(decodeRecord(secret())).toEqual(record);
});

test('a new state is written over the old one, and everything else stays', async () => {
  const { cluster, secret } = one();
  await createRelease(cluster, where, record, 0);
  const deployed = withStatus(record, 'deployed', { description: 'Upgrade complete' });
  await updateRelease(cluster, where, deployed, 2000);
  expect(secret().metadata).toEqual({ labels: { createdAt: null, modifiedAt: '2', status: 'deployed' } });
  const read = await readReleases(cluster, where, 'all');
  expect(read).toEqual({ ok: true, value: [deployed] });
  expect(deployed.json.info).toEqual({
    status: 'deployed',
    description: 'Upgrade complete',
    first_deployed: '2026-01-01T00:00:00Z',
  });
});

test.each(['', 'AAAA', btoa('AAAA'), btoa('H4sI'), btoa(btoa('{"no":"record"')), btoa(btoa('[]'))])(
  'what holds no record is none: %j',
  (release) => {
    expect(decodeRecord({ data: { release } })).toBeUndefined();
  },
);

test('the objects of a manifest, lists opened', () => {
  const text = `---
# Source: a
apiVersion: v1
kind: ConfigMapList
items:
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: two } }
---
# only a comment
---
apiVersion: v1
kind: Secret
metadata: { name: three, namespace: apps }
`;
  expect(objectsIn(text).map((node) => titleOf(idOf(node)))).toEqual([
    'ConfigMap one',
    'ConfigMap two',
    'Secret apps/three',
  ]);
});
