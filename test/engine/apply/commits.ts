/**
 * Drawn fleets with releases, commit by commit: releases come, are upgraded, change their name or their chart's, and go; an
 * object changes hands between them and a Kustomization.
 */
import fc from 'fast-check';
import type { FakeCluster } from '../fake-cluster.ts';
import { configMap, type Files, kustomization, sync } from '../render/check.ts';

const names = ['a', 'b'] as const;

interface Release {
  /** Its ConfigMaps, each with its value. */
  readonly maps: Readonly<Record<string, number>>;
  readonly chart: string;
  readonly called: string;
}

export interface Commit {
  readonly releases: Readonly<Record<(typeof names)[number], Release | undefined>>;
  /** Who has the object that changes hands, if its release is there, and its value. */
  readonly shared: readonly [owner: string, value: number];
}

const release: fc.Arbitrary<Release> = fc.record({
  maps: fc.dictionary(fc.constantFrom('x', 'y'), fc.nat(2)),
  chart: fc.constantFrom('web', 'web', 'site'),
  called: fc.constantFrom('first', 'first', 'second'),
});
const maybe = fc.option(release, { nil: undefined, freq: 3 });
export const commits: fc.Arbitrary<Commit> = fc.record({
  releases: fc.record({ a: maybe, b: maybe }),
  shared: fc.tuple(fc.constantFrom('apps', 'none', ...names), fc.nat(2)),
});

const template = `{{ range $name, $value := .Values.maps }}
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ $name }} }
data: { v: "{{ $value }}" }
---
{{ end }}`;

function mapsOf({ releases, shared: [owner, value] }: Commit, name: (typeof names)[number]): Record<string, number> {
  const own = Object.entries(releases[name]?.maps ?? {}).map(([key, one]) => [`${name}-${key}`, one] as const);
  return Object.fromEntries(owner === name ? [...own, ['shared', value]] : own);
}

const releaseName = (name: string, { called }: Release) => `${name}-${called}`;

export function filesOf(commit: Commit): Files {
  const there = names.filter((name) => commit.releases[name] !== undefined);
  const written = there.map((name) => {
    const one = commit.releases[name]!;
    return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: apps }
spec:
  interval: 10m
  releaseName: ${releaseName(name, one)}
  chart: { spec: { chart: ./charts/${one.chart}, sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system } } }
  values: ${JSON.stringify({ maps: mapsOf(commit, name) })}
`;
  });
  const [owner, value] = commit.shared;
  const maps = [configMap('plain', 'v: "0"'), ...(owner === 'apps' ? [configMap('shared', `v: "${value}"`)] : [])];
  return {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
    'apps/all.yaml': [...written, ...maps].join('---\n'),
    ...Object.fromEntries(
      ['web', 'site'].flatMap((chart) => [
        [`charts/${chart}/Chart.yaml`, `apiVersion: v2\nname: ${chart}\nversion: 1.2.3\n`],
        [`charts/${chart}/templates/maps.yaml`, template],
      ]),
    ),
  };
}

/** Every ConfigMap that a commit wants, with its value. */
export function wantedBy(commit: Commit): Readonly<Record<string, string>> {
  const [owner, value] = commit.shared;
  const all = { plain: 0, ...(owner === 'apps' ? { shared: value } : {}) };
  const maps = Object.assign({}, all, ...names.map((name) => (commit.releases[name] ? mapsOf(commit, name) : {})));
  return Object.fromEntries(Object.entries(maps).map(([name, one]) => [name, String(one)]));
}

export function there({ objects }: FakeCluster): Readonly<Record<string, string>> {
  const maps = [...objects.values()].filter(({ kind }) => kind === 'ConfigMap');
  return Object.fromEntries(
    maps.map(({ metadata, data }) => [(metadata as { name: string }).name, (data as { v: string }).v]),
  );
}

/** The names of the releases that a commit wants. */
export function releasesOf({ releases }: Commit): readonly string[] {
  return names.flatMap((name) => (releases[name] === undefined ? [] : [releaseName(name, releases[name])])).sort();
}

/** Whether it may be of a release that a commit no longer wants. */
export function isLeft({ releases }: Commit, map: string): boolean {
  return names.some((name) => releases[name] === undefined && (map === 'shared' || map.startsWith(`${name}-`)));
}

/** Whether the shared object leaves one owner that there is for another. */
export function changesHands(...commits: readonly Commit[]): boolean {
  const holders = commits.filter((commit) => 'shared' in wantedBy(commit)).map(({ shared: [owner] }) => owner);
  return holders.length === commits.length && new Set(holders).size > 1;
}

const one = (chart: string, called: string, maps: Release['maps'] = {}): Release => ({ maps, chart, called });
const commit = (a: Release | undefined, shared: string, b?: Release): Commit => ({
  releases: { a, b },
  shared: [shared, 0],
});
/** What once went wrong. */
export const histories: readonly (readonly Commit[])[] = [
  // A release without objects is uninstalled, too.
  [commit(one('web', 'first'), 'apps'), commit(undefined, 'apps')],
  // What moved stays when the release that had it is uninstalled for one of another name.
  [commit(one('web', 'first'), 'a'), commit(one('web', 'second'), 'apps')],
  // A release without objects that gets another chart.
  [commit(one('web', 'first'), 'apps'), commit(one('site', 'first'), 'apps')],
];
