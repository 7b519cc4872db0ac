/** Merged values: what a release's templates see, with the file that won behind each value. */
import { expect, test } from 'vitest';
import {
  createRenderer,
  getPath,
  type MergedValues,
  print,
  type RendererOptions,
  titleOf,
} from '../../../src/engine/index.ts';
import { type Files, kustomization, kustomizer, open, sourceOf, sync } from './check.ts';

const release = (spec: string) => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  interval: 10m
  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}
${spec.replace(/^/gm, '  ')}
`;
const valuesFrom = `valuesFrom:
  - {kind: ConfigMap, name: web-values}
  - {kind: Secret, name: web-secret}
  - {kind: Secret, name: web-secret, valuesKey: token, targetPath: auth.token}
values:
  replicas: 3
  gone: null`;

const fleet: Files = {
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
  'apps/release.yaml': release(valuesFrom),
  'apps/kustomization.yaml': `resources: [release.yaml, secret.yaml]
namespace: apps
configurations: [names.yaml]
configMapGenerator:
  - {name: web-values, files: [values.yaml=web.yaml]}
`,
  'apps/names.yaml':
    'nameReference: [{kind: ConfigMap, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]\n',
  'apps/web.yaml': 'replicas: 2\nimage: {tag: "1.1"}\n',
  'apps/secret.yaml': `apiVersion: v1
kind: Secret
metadata: {name: web-secret}
stringData:
  token: s3cr3t-token
  values.yaml: |
    auth:
      user: jo
      password: pw
`,
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/values.yaml': 'replicas: 1\ngone: here\nimage: {name: web, tag: latest}\nauth: {}\nargs: [a, b]\n',
  'charts/web/templates/fails.yaml': '{{ fail "the templates do not matter" }}\n',
};

/** The merged values of the only release, in the cluster's form of it. */
function merged(files: Files, options: Partial<RendererOptions> = {}): MergedValues {
  const workspace = open(files);
  const renderer = createRenderer({ kustomizer: kustomizer(), ...options });
  const objects = renderer.renderCluster(workspace, '/clusters/one').flatMap((set) => set.objects);
  const found = objects.find(({ id }) => titleOf(id).startsWith('HelmRelease'))!;
  return renderer.mergedValues(found, workspace, '/clusters/one');
}

function checkMerged(files: Files, yaml: string, wins: Readonly<Record<string, string>> = {}): MergedValues {
  const answer = merged(files);
  expect(answer.problems).toEqual([]);
  expect(print(answer.values!, 'sigs')).toBe(yaml);
  for (const [path, from] of Object.entries(wins)) {
    const at = getPath(answer.values!, path.split('.'))!.at;
    expect(`${at.file}: ${sourceOf(files, at)}`, path).toBe(from);
  }
  return answer;
}

test('defaults under valuesFrom under values, each with the line that won; Secrets are masked', () => {
  const yaml = `args:
- a
- b
auth:
  password: '***'
  token: '***'
  user: '***'
image:
  name: web
  tag: "1.1"
replicas: 3
`;
  const answer = checkMerged(fleet, yaml, {
    'image.name': 'charts/web/values.yaml: web',
    'auth.password': 'apps/secret.yaml: pw',
    replicas: 'apps/release.yaml: 3',
    args: 'charts/web/values.yaml: [a, b]',
  });
  expect(answer.notes).toEqual([]);
  expect(getPath(answer.values!, ['image', 'tag'])!.at.file).not.toBe('charts/web/values.yaml');
});

test('a chart that is not at hand leaves what the release itself says', () => {
  const away = fleet['apps/release.yaml']!.replace('kind: GitRepository', 'kind: HelmRepository');
  const answer = merged({ ...fleet, 'apps/release.yaml': away });
  expect(answer.notes).toEqual([
    'chart ./charts/web of HelmRepository flux-system/flux-system is not fetched: its own defaults are missing here',
  ]);
  expect(print(answer.values!, 'sigs')).toContain('replicas: 3\n');
});

test('a ConfigMap that no file declares is said, not passed over', () => {
  const { 'apps/web.yaml': _, ...rest } = fleet;
  const files = { ...rest, 'apps/kustomization.yaml': 'resources: [release.yaml, secret.yaml]\nnamespace: apps\n' };
  expect(merged(files).notes).toEqual(['values of ConfigMap apps/web-values are not known here']);
});

test('a chart that cannot be read is a problem', () => {
  const { problems } = merged({ ...fleet, 'charts/web/Chart.yaml': 'apiVersion: v2\nname: ..\nversion: 1.0.0\n' });
  expect(problems.map(({ code }) => code)).toEqual(['helm-chart']);
});

test('another kind has no values', () => {
  const workspace = open(fleet);
  const secret = workspace.find({ kind: 'Secret', namespace: '', name: 'web-secret' })[0]!;
  const { values } = createRenderer({ kustomizer: kustomizer() }).mergedValues(secret, workspace);
  expect(values).toBeUndefined();
});
