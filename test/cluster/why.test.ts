/** An empty or partial plan says why, on the command line and on the real cluster: each reason that there is. */
import { expect, test } from 'vitest';
import { sluice } from './cli.ts';
import { child, fleet, kustomization, type TestFleet, visitor } from './fleet.ts';
import { type Rig, rig } from './rig.ts';

const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { ${data} }\n`;

/** The groups' notes and the problems of the part of the plan that comes from a file. */
async function why(it: Rig, my: TestFleet, file: string, kubeconfig?: string): Promise<readonly string[]> {
  const options = kubeconfig === undefined ? {} : { kubeconfig };
  const args = ['diff', my.folder, '--cluster', 'clusters/test', '--context', 'sluice-loopback', '--only', file];
  const { out, err } = await sluice(it.layout, [...args, '-o', 'json'], options);
  if (out === '') throw new Error(err);
  const plan = JSON.parse(out) as { groups: { note?: string }[]; problems: { message: string }[] };
  return [...plan.groups.flatMap(({ note }) => note ?? []), ...plan.problems.map(({ message }) => message)];
}

const nothing = 'nothing that this cluster directory renders, or would delete, comes from';

test('up to date at a revision, suspended, left out by a rule, not named, read for nothing, without its source', async () => {
  const it = rig();
  const my = await fleet(it, {
    'apps/kustomization.yaml': 'resources: [a.yaml]\n',
    'apps/a.yaml': configMap('a'),
  });
  expect(await why(it, my, 'apps/a.yaml')).toEqual([expect.stringMatching(/^up to date at main@sha1:[0-9a-f]{40}$/)]);
  my.edit({
    '.sourceignore': '/apps/drafts/\n',
    'apps/drafts/new.yaml': configMap('new'),
    'apps/forgotten.yaml': configMap('forgotten'),
    'apps/kustomization.yaml': 'resources: [a.yaml, empty.yaml]\n',
    'apps/empty.yaml': '# Nothing yet.\n',
  });
  const source = `GitRepository ${my.namespace}/root`;
  expect(await why(it, my, 'apps/drafts/new.yaml')).toEqual([
    `${nothing} apps/drafts/new.yaml; "/apps/drafts/" in .sourceignore leaves it out of ${source}`,
  ]);
  expect(await why(it, my, 'apps/forgotten.yaml')).toEqual([
    `${nothing} apps/forgotten.yaml; apps/kustomization.yaml does not name it`,
  ]);
  expect(await why(it, my, 'apps/empty.yaml')).toEqual([
    `${nothing} apps/empty.yaml; Kustomization ${my.namespace}/apps reads it, and no object comes of it`,
  ]);
  const far = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: far, namespace: NAMESPACE }
spec: { interval: 10m, url: 'https://example.invalid/far' }
---
${child('far').replace('kind: GitRepository, name: root', 'kind: GitRepository, name: far')}`;
  my.edit({ 'clusters/test/far.yaml': far });
  const closed = `GitRepository ${my.namespace}/far is https://example.invalid/far, which is not open here`;
  expect((await why(it, my, 'clusters/test/far.yaml')).join('\n')).toContain(closed);
  my.edit({ 'far/x.yaml': configMap('x') });
  const missing = `Kustomization ${my.namespace}/far is not rendered: ${closed}`;
  expect(await why(it, my, 'far/x.yaml')).toContainEqual(
    `${nothing} far/x.yaml; no Flux Kustomization takes it in; ${missing}`,
  );
  my.edit({ 'clusters/test/far.yaml': undefined, 'far/x.yaml': undefined });
  const suspend = ['patch', 'kustomization/apps', `--namespace=${my.namespace}`, '--field-manager=flux'];
  await it.kubectl([...suspend, '--type=merge', '-p', '{"spec":{"suspend":true}}']);
  await it.until(kustomization(my.namespace, 'apps'), ({ spec }) => (spec as { suspend?: boolean }).suspend === true);
  expect(await why(it, my, 'apps/a.yaml')).toEqual([
    'suspended in the cluster: Flux itself applies nothing until it is resumed',
  ]);
});

test('left alone by an ignore rule of its owner, and not permitted', async () => {
  const it = rig();
  const ignore = '  ignore: [{ paths: [/data/a], target: { kind: ConfigMap } }]\n';
  const my = await fleet(it, {
    'clusters/test/apps.yaml': child('apps', ignore),
    'apps/a.yaml': configMap('a'),
  });
  my.edit({ 'apps/a.yaml': configMap('a', 'a: c') });
  const note = (await why(it, my, 'apps/a.yaml')).join('\n');
  expect(note).toMatch(/^up to date at main@sha1:\w+, but for fields that an ignore rule leaves alone \(ConfigMap /);
  await visitor(it, '- { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }');
  my.edit({ 'apps/a.yaml': configMap('a', 'b: c') });
  expect((await why(it, my, 'apps/a.yaml', it.layout.visitorKubeconfig)).join('\n')).toMatch(
    /User "visitor" cannot patch resource "configmaps"/,
  );
});
