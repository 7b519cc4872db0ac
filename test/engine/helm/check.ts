/** YAML in, YAML out: a chart given as texts by path, rendered through the room's door. */
import { expect } from 'vitest';
import { helm, memoryTree, textFile } from '../../../src/engine/index.ts';

export type Files = Readonly<Record<string, string>>;

export interface Asked {
  /** What the user sets, as a values file. */
  readonly values?: string;
  readonly helm?: 3 | 4;
  readonly kubeVersion?: string;
  readonly isUpgrade?: boolean;
  readonly limit?: helm.RenderLimit;
  readonly budget?: { readonly steps?: number; readonly size?: number };
}

export const chartYaml = 'apiVersion: v2\nname: demo\nversion: 1.2.3\n';

const at = { file: 'test', start: 0, end: 0 };

export function load(files: Files, version: 3 | 4 = 4) {
  const tree = memoryTree(
    new Map(Object.entries(files).map(([path, text]) => [`/demo/${path}`, textFile(path, text)])),
  );
  return helm.loadChartFolder(tree, '/demo', undefined, version);
}

export function render(files: Files, asked: Asked = {}) {
  const chart = load({ 'Chart.yaml': chartYaml, ...files }, asked.helm);
  if (chart.value === undefined) return { problems: chart.problems };
  const values = helm.readValues(textFile('user.yaml', asked.values ?? ''), at, asked.helm);
  if (values.value === undefined) return { problems: values.problems };
  const base = helm.defaultCapabilities(asked.helm ?? 4);
  const kubeVersion = helm.parseKubeVersion(asked.kubeVersion ?? 'v1.36.0')!;
  return helm.renderChart({
    chart: chart.value,
    values: values.value,
    release: { name: 'rel', namespace: 'ns', isUpgrade: asked.isUpgrade ?? false, revision: 1 },
    capabilities: { ...base, kubeVersion },
    ...(asked.limit && { limit: asked.limit }),
    ...(asked.budget && { budget: asked.budget }),
  });
}

/** What one template prints, trimmed. */
export function checkOutput(template: string, expected: string, more: Files = {}, asked: Asked = {}): void {
  const rendered = render({ 'templates/out.yaml': template, ...more }, asked);
  expect(rendered.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const own = rendered.value!.manifests.find(({ source }) => source === 'demo/templates/out.yaml');
  expect(own?.text.trim() ?? '').toBe(expected);
}

/** The first error, and the text it stands at. */
export function checkError(files: Files, message: string | RegExp, place?: string, asked: Asked = {}): void {
  const [problem] = render(files, asked).problems.filter(({ severity }) => severity === 'error');
  expect(problem?.message).toMatch(message);
  const all: Files = { 'Chart.yaml': chartYaml, 'user.yaml': asked.values ?? '', ...files };
  if (place !== undefined) {
    expect(problem?.at === undefined ? undefined : all[problem.at.file]?.slice(problem.at.start, problem.at.end)).toBe(
      place,
    );
  }
}
