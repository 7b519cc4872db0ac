/** "Preview as This Cluster Would See It": an object as a cluster directory renders it, and what the header says of it. */
import { expect, test } from 'vitest';
import { createInputs } from '../../src/io/cluster/inputs.ts';
import { inClusters } from '../../src/server/as-cluster.ts';
import { previewOf } from '../../src/server/previews.ts';
import { parseVirtual } from '../../src/server/virtual.ts';
import { openFolder } from './open.ts';

const never = new AbortController().signal;

const kustomization = (name: string, path: string, more = '') => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {path: ${path}, prune: true, sourceRef: {kind: GitRepository, name: flux-system}${more}}
`;
const sync = (cluster: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: "https://git.example.com/fleet", ref: {branch: main}}
---
${kustomization('flux-system', `./clusters/${cluster}`)}`;
const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: flux-system}\ndata: {${data}}\n`;

const from = ', postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}, {kind: Secret, name: login}]}';

/** Two clusters that share the Kustomization of `shared`, each with settings of its own. */
const fleet = {
  ...Object.fromEntries(
    ['east', 'west'].flatMap((name) => [
      [`clusters/${name}/flux-system/gotk-sync.yaml`, sync(name)],
      [`clusters/${name}/flux-system/kustomization.yaml`, 'resources: [gotk-sync.yaml]\n'],
      [`clusters/${name}/settings.yaml`, configMap('settings', `region: ${name}`)],
      [`clusters/${name}/kustomization.yaml`, 'resources: [flux-system, settings.yaml, ../../shared]\n'],
    ]),
  ),
  'shared/kustomization.yaml': 'resources: [apps.yaml]\n',
  'shared/apps.yaml': kustomization('apps', './apps', from),
  'apps/a.yaml': configMap('a', 'k: "${region:=none}", t: "${token:=none}"'),
};

async function previews(opened: ReturnType<typeof openFolder>) {
  const found = previewOf(opened.session, { kind: 'flux', uri: opened.uri('shared/apps.yaml'), line: 1 });
  const { choices = [] } = await inClusters(opened.session, found, never);
  const texts = choices.map(async ({ uri }) => (await opened.session.render(parseVirtual(uri)!, never)).text);
  return { choices, texts: await Promise.all(texts) };
}

test('each cluster directory that renders the object is a choice, with its own values', async () => {
  const { choices, texts } = await previews(openFolder(fleet, { trusted: false }));
  expect(choices.map(({ description }) => description)).toEqual(['clusters/east', 'clusters/west']);
  expect(texts[0]).toContain('k: east');
  expect(texts[1]).toContain('k: west');
  const head = texts[1]!.replace(/\n# /g, ' ');
  expect(head).toContain('clusters/west, with no cluster at hand: as the newest Flux builds it.');
  expect(head).toContain("Values of ConfigMap flux-system/settings are the workspace's (clusters/west/settings.yaml).");
});

test("what no file declares is the cluster's, a Secret's value masked", async () => {
  const opened = openFolder(fleet, { trusted: false });
  const secret = { metadata: { name: 'login', namespace: 'flux-system' }, data: { token: btoa('hunter2hunter2') } };
  const get = async ({ kind }: { readonly kind: string }) =>
    kind === 'Secret' ? { ok: true, value: secret } : { ok: false, failure: { reason: 'not-found', message: '' } };
  const inputs = createInputs({ get } as never, { keep: 1000, now: () => 0 });
  opened.session.doors.learn?.({ substitution: 'strict', fluxVersion: 'v2.9.5' }, inputs);
  const { texts } = await previews(opened);
  expect(texts[0]!.replace(/\n# /g, ' ')).toContain("Values of Secret flux-system/login are the cluster's.");
  expect(texts[0]).not.toContain('hunter2');
  expect(texts[0]).toContain("t: '***'");
});
