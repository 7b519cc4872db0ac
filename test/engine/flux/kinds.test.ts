/** The kinds: each is known in every version that it ever had, and reads its references with their places. */
import { expect, test } from 'vitest';
import { flux, idOf, type Mapping, parse } from '../../../src/engine/index.ts';

const read = (text: string) => parse(text, 'x.yaml').documents[0]!.root as Mapping;

test('every kind of Flux 2.9 and of Flux Operator is in the list', () => {
  expect(flux.fluxKinds.map((kind) => kind.kind)).toEqual([
    ...['GitRepository', 'OCIRepository', 'HelmRepository', 'HelmChart', 'Bucket', 'ExternalArtifact'],
    ...['ArtifactGenerator', 'Kustomization', 'HelmRelease', 'ImageRepository', 'ImagePolicy'],
    ...['ImageUpdateAutomation', 'Alert', 'Provider', 'Receiver', 'FluxInstance', 'ResourceSet'],
    'ResourceSetInputProvider',
  ]);
});

test('old versions are known and marked', () => {
  const version = (apiVersion: string, kind: string) =>
    flux.currentVersion(idOf(read(`apiVersion: ${apiVersion}\nkind: ${kind}\n`)));
  expect(version('image.toolkit.fluxcd.io/v1beta2', 'ImagePolicy')).toBe('image.toolkit.fluxcd.io/v1');
  expect(version('notification.toolkit.fluxcd.io/v1beta1', 'Alert')).toBe('notification.toolkit.fluxcd.io/v1beta3');
  expect(version('kustomize.toolkit.fluxcd.io/v1', 'Kustomization')).toBeUndefined();
  expect(version('kustomize.config.k8s.io/v1beta1', 'Kustomization')).toBeUndefined();
});

function checkReferences(text: string, expected: readonly string[]) {
  const object = read(text);
  const references = flux.fluxKindOf(idOf(object))!.references(object);
  expect(references.map((r) => `${r.role} ${r.kind} ${r.namespace ?? '.'}/${r.name}`)).toEqual(expected);
  for (const reference of references) {
    expect(text.slice(reference.node.at.start, reference.node.at.end)).toBe(reference.name);
  }
}

test('a HelmRelease refers to chart, values, dependencies and credentials', () => {
  checkReferences(
    `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a, namespace: apps}
spec:
  chart: {spec: {chart: c, sourceRef: {kind: HelmRepository, name: repo, namespace: flux-system}}}
  valuesFrom: [{kind: Secret, name: values, optional: true}]
  dependsOn: [{name: other}]
  kubeConfig: {secretRef: {name: kube}}
  serviceAccountName: deployer
`,
    [
      'chart HelmRepository flux-system/repo',
      'input Secret ./values',
      'depends-on HelmRelease ./other',
      'secret Secret ./kube',
      'service-account ServiceAccount ./deployer',
    ],
  );
});

test('an Alert refers to its provider and what it watches', () => {
  checkReferences(
    `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: a}
spec: {providerRef: {name: slack}, eventSources: [{kind: Kustomization, name: all}]}
`,
    ['provider Provider ./slack', 'watched Kustomization ./all'],
  );
});

test('a field of the wrong type reads as absent', () => {
  const view = flux.kustomization.view(read('spec: {path: 5, prune: "yes", timeout: [], sourceRef: x, patches: {}}'));
  expect(view).toMatchObject({ prune: false, patches: [] });
  expect(view.path).toBeUndefined();
  expect(view.sourceRef).toBeUndefined();
});
