/** Charts that Go modules bring, rendered by the real helm 3 and helm 4 and by us: equal as data, or an error for both. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chartsBelow, compareChart, shortName, toolPath } from '../engine/helm/charts.ts';
import { checkEdits, readFiles } from '../engine/helm/incremental.ts';

/** Module, version, and the folder below which its charts are. */
const sources: readonly (readonly [module: string, version: string, folder: string])[] = [
  ['helm.sh/helm/v3', 'v3.22.0', ''],
  ['helm.sh/helm/v4', 'v4.3.1', ''],
  ['sigs.k8s.io/kwok', 'v0.8.0', 'charts'],
  ['github.com/cert-manager/cert-manager', 'v1.21.2', 'deploy/charts'],
  ['sigs.k8s.io/metrics-server', 'v0.9.0', 'charts'],
  ['github.com/fluxcd/flagger', 'v1.36.1', 'charts'],
  ['github.com/bitnami-labs/sealed-secrets', 'v0.40.0', 'helm'],
  ['sigs.k8s.io/descheduler', 'v0.36.0', 'charts'],
  ['github.com/hashicorp/vault-helm', 'v0.34.1', ''],
];

/** Charts on which we differ from helm, each with its reason. */
const twice = 'helm 3 mixes up the parents of a chart inside a chart that is aliased twice; helm 4 does not';
const known: Readonly<Record<3 | 4, Readonly<Record<string, string>>>> = {
  3: {
    'helm.sh/helm/v4/pkg/chart/v2/util/testdata/chart-with-dependency-aliased-twice': twice,
    'helm.sh/helm/v4/pkg/chart/v2/util/testdata/chart-with-import-from-aliased-dependencies': twice,
    'helm.sh/helm/v4/internal/chart/v3/util/testdata/chart-with-dependency-aliased-twice': twice,
    'helm.sh/helm/v4/internal/chart/v3/util/testdata/chart-with-import-from-aliased-dependencies': twice,
  },
  4: {},
};

function moduleFolder(path: string, version: string): string | undefined {
  try {
    const json = execFileSync('go', ['mod', 'download', '-json', `${path}@${version}`], {
      cwd: tmpdir(),
      encoding: 'utf8',
    });
    return (JSON.parse(json) as { Dir?: string }).Dir;
  } catch {
    return undefined;
  }
}

describe.each([3, 4] as const)('helm %i', (version) => {
  const tool = toolPath(`helm${version}`);
  test.skipIf(tool === undefined)('renders every chart as we do', { timeout: 300_000 }, () => {
    const count: Record<string, number> = {};
    const wrong: string[] = [];
    for (const [path, release, folder] of sources) {
      const root = moduleFolder(path, release);
      if (root === undefined) {
        console.log(`${path}@${release} is not served: its charts are left out`);
        continue;
      }
      for (const chart of chartsBelow(join(root, folder))) {
        const outcome = compareChart(chart, version, tool!);
        count[outcome.kind] = (count[outcome.kind] ?? 0) + 1;
        const name = `${path}/${shortName(chart, root)}`;
        if ('detail' in outcome && known[version][name] === undefined)
          wrong.push(`${name}: ${outcome.kind}: ${outcome.detail}`);
      }
    }
    console.log(`helm ${version}: ${JSON.stringify(count)}`);
    expect(wrong).toEqual([]);
  });
});

test('an edit of their values in a warm engine gives what a first rendering gives', { timeout: 300_000 }, () => {
  const sum = { charts: 0, edits: 0, failed: 0, manifests: 0, reused: 0 };
  for (const [path, release, folder] of sources) {
    const root = moduleFolder(path, release);
    if (root === undefined) continue;
    for (const [i, chart] of chartsBelow(join(root, folder)).entries()) {
      const { edits, failed, manifests, reused } = checkEdits(readFiles(chart), 12, i);
      sum.charts += edits > 0 ? 1 : 0;
      sum.edits += edits;
      sum.failed += failed;
      sum.manifests += manifests;
      sum.reused += reused;
    }
  }
  console.log(`edits in a warm engine: ${JSON.stringify(sum)}`);
  expect(sum.edits).toBeGreaterThan(500);
  expect(sum.reused).toBeGreaterThan(sum.manifests / 2);
});
