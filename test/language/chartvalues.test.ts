/** Below `spec.values` of a HelmRelease: completion and hover by the chart's own defaults and schema. */
import { expect, test } from 'vitest';
import { completed, completions, described, type Files, hovered } from './fleet.ts';

const chart = {
  'charts/shop/Chart.yaml': `apiVersion: v2
name: shop
version: 1.0.0
dependencies:
  - { name: cache, version: 1.x, condition: cache.enabled }
`,
  'charts/shop/values.yaml': `# -- How many run at once
replicas: 1
image:
  # Where it is pulled from
  repository: registry.example.com/shop
  tag: "1.0"
  pullPolicy: IfNotPresent
nodeSelector: {}
tolerations: []
debug: false
cache:
  enabled: false
`,
  'charts/shop/values.schema.json': JSON.stringify({
    type: 'object',
    properties: {
      mode: { $ref: '#/definitions/mode' },
      image: { allOf: [{ properties: { pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } } }] },
    },
    definitions: { mode: { type: 'string', enum: ['read', 'write'], description: 'What it *may* do' } },
  }),
  'charts/shop/charts/cache/Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 1.2.0\n',
  'charts/shop/charts/cache/values.yaml': 'size: 1Gi\n',
};

/** A release with these values, the chart beside it. */
function release(values: string): Files {
  return {
    ...chart,
    'clusters/dev/flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/acme/fleet.git }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, path: ./clusters/dev, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`,
    'clusters/dev/shop.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: shop
  namespace: flux-system
spec:
  interval: 10m
  chart:
    spec:
      chart: ./charts/shop
      sourceRef:
        kind: GitRepository
        name: flux-system
  values:
${values}`,
  };
}

test('the keys of the chart, with their defaults, but for those that are set', () => {
  expect(described(release('    debug: true\n    ▮\n'))).toEqual({
    cache: 'default {…}',
    image: 'default {…}',
    mode: 'string',
    nodeSelector: 'default {}',
    replicas: 'default 1',
    tolerations: 'default []',
  });
});

test('half a word, a level below, and a subchart whose condition is met', () => {
  expect(completions(release('    image:\n      ta▮\n'))).toEqual(['pullPolicy', 'repository', 'tag']);
  expect(completions(release('    cache:\n      enabled: true\n      ▮\n'))).toEqual(['global', 'size']);
});

test('a default is put in as it is written, to be written over', () => {
  expect(completed(release('    image:\n      ▮\n'), 'tag')).toMatch(/\n {6}tag: \$\{0:"1\.0"\}\n$/);
  expect(completed(release('    ▮\n'), 'image')).toMatch(/\n {4}image:\n {6}\$0\n$/);
  expect(completed(release('    ▮\n'), 'tolerations')).toMatch(/\n {4}tolerations:\n {6}- \$0\n$/);
});

test('values: the default, what the schema lists, and both of a switch', () => {
  expect(described(release('    image:\n      pullPolicy: ▮\n'))).toEqual({
    IfNotPresent: 'default',
    Always: 'value',
    Never: 'value',
  });
  expect(described(release('    mode: ▮\n'))).toEqual({ read: 'value', write: 'value' });
  expect(described(release('    debug: ▮\n'))).toEqual({ false: 'default', true: 'value' });
});

test('hover: the comment or the description, and the default of the chart whatever is set', () => {
  expect(hovered(release('    repl▮icas: 5\n'))).toBe(
    '**replicas**\n\nHow many run at once\n\nDefault: `1` (`charts/shop/values.yaml`)',
  );
  expect(hovered(release('    image:\n      repo▮sitory: x\n'))).toContain('Where it is pulled from');
  expect(hovered(release('    mo▮de: read\n'))).toBe(
    '**mode** (string)\n\nWhat it \\*may\\* do\n\nValues: `read`, `write`',
  );
  expect(hovered(release('    unheard▮Of: 1\n'))).toBe('**unheardOf**');
});

test('where the chart is not at hand, nothing is guessed', () => {
  const files = release('    a: 1\n    ▮\n');
  const { 'charts/shop/Chart.yaml': _, ...rest } = files;
  expect(completions(rest)).toEqual([]);
});

/** The same release with its values in a ConfigMap. */
function fromText(kind: string, values: string, entry = ''): Files {
  return {
    ...release('    {}\n'),
    'clusters/dev/shop.yaml': release('')['clusters/dev/shop.yaml']!.replace(
      '  values:\n',
      `  valuesFrom:\n    - { kind: ${kind}, name: shop-values${entry} }\n`,
    ),
    'clusters/dev/values.yaml': `apiVersion: v1
kind: ${kind}
metadata: { name: shop-values, namespace: flux-system }
${kind === 'Secret' ? 'stringData' : 'data'}:
  values.yaml: |
${values}  other: x
`,
  };
}

test('values in the text of a ConfigMap or a Secret that the release takes', () => {
  const below = fromText('ConfigMap', '    replicas: 2\n    image:\n      ▮\n');
  expect(completions(below)).toEqual(['pullPolicy', 'repository', 'tag']);
  expect(completed(below, 'tag')).toContain('\n      tag: ${0:"1.0"}\n');
  expect(completions(fromText('Secret', '    replicas: 2\n    ▮\n'))).toContain('nodeSelector');
  expect(described(fromText('ConfigMap', '    image:\n      pullPolicy: ▮\n'))).toEqual({
    IfNotPresent: 'default',
    Always: 'value',
    Never: 'value',
  });
  expect(hovered(fromText('ConfigMap', '    debug: true\n    repl▮icas: 5\n'))).toContain('How many run at once');
  expect(hovered(fromText('ConfigMap', '    image:\n      tag: "2▮"\n'))).toContain('Default: `1.0`');
});

test('text that no release takes as values is a text', () => {
  expect(completions(fromText('ConfigMap', '    replicas: 2\n    ▮\n', ', targetPath: a.b'))).toEqual([]);
  expect(completions(fromText('ConfigMap', '    replicas: 2\n    ▮\n', ', valuesKey: other.yaml'))).toEqual([]);
  expect(hovered(fromText('ConfigMap', '    repl▮icas: 5\n', ', valuesKey: other.yaml'))).not.toContain('How many');
});
