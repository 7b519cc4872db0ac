/** A chart that comes by an OCIRepository: its digest is in what Sluice notes, and helm-controller takes the release over. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { releaseFleet } from './release-fleet.ts';
import { refOf, rig } from './rig.ts';
import { startRegistries, startServers } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-oci-'));
const servers = startServers(folder);
afterAll(() => servers.stop());

const chart = {
  'Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.2.3\n',
  'templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: app-config }
data: { version: "{{ .Chart.Version }}", revision: "{{ .Release.Revision }}" }
`,
};

/** `labels` keep helm-controller off, until `reconciled` of the fleet takes them away. */
const files = (namespace: string, registry: string, greeting: string) => ({
  'clusters/test/source.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  url: oci://${registry}/charts/app
  insecure: true
  ref: { tag: 1.2.3 }
  layerSelector: { mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy }
`,
  'clusters/test/release.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: app
  namespace: ${namespace}
  labels: { sharding.fluxcd.io/key: nobody }
spec:
  interval: 1h
  chartRef: { kind: OCIRepository, name: app }
  values: { greeting: ${greeting} }
`,
});

test('what Sluice installed and upgraded from a registry is taken over as it is', async () => {
  const it = rig();
  const registries = await startRegistries(servers, it.tool('registry'));
  const fleet = await releaseFleet(it, { chart, controller: 'watches not' });
  const env = { PATH: process.env.PATH, HOME: folder };
  const helm = (...args: string[]) => execFileSync(it.tool('helm4'), args, { stdio: 'ignore', env });
  helm('package', join(fleet.folder, 'charts/app'), '--destination', folder);
  helm('push', join(folder, 'app-1.2.3.tgz'), `oci://${registries.plain}/charts`, '--plain-http');

  for (const greeting of ['one', 'two']) {
    fleet.write(files(fleet.namespace, registries.plain, greeting));
    const applied = await fleet.apply('--prune', '--fetch');
    expect(applied.code, applied.out + applied.err).toBe(0);
  }
  const ref = refOf('helm.toolkit.fluxcd.io/v2', 'HelmRelease', fleet.namespace, 'app');
  const noted = (await it.until(ref, () => true)).status as { readonly history: readonly object[] };
  const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
  expect(noted).toMatchObject({ lastAttemptedRevisionDigest: digest, history: [{ ociDigest: digest }, {}] });

  const resumed = await fleet.resume();
  expect(resumed.code, resumed.out + resumed.err).toBe(0);
  const taken = (await fleet.reconciled()).status as { readonly [field: string]: unknown };
  for (const field of ['history', 'lastAttemptedRevision', 'lastAttemptedRevisionDigest', 'lastAttemptedConfigDigest'])
    expect(taken[field]).toEqual((noted as { readonly [field: string]: unknown })[field]);
  expect(await fleet.history(4)).toEqual(['1 superseded', '2 deployed']);
});
