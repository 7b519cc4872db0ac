/** Half-written and mutilated files: every question has an answer, none throws, and none takes long. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { check, complete, definitions, hover, links, symbols } from '../../src/language/index.ts';
import { type Files, fleet } from './fleet.ts';

const text = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 10m
  path: ./apps # {"$imagepolicy": "flux-system:api"}
  prune: true
  dependsOn:
  - name: infra
  sourceRef:
    kind: GitRepository
    name: "fleet"
  postBuild: { substitute: { a: "\${b:=c}" } }
  patches:
    - patch: |
        - op: remove
      target: { kind: Deployment }
---
kind: List
items: [{ kind: ConfigMap }]
`;
const rest: Files = { 'apps/kustomization.yaml': 'resources: [a.yaml, ../b]\n', 'apps/a.yaml': 'a: b\n' };

function ask(content: string, offset: number, path = 'clusters/apps.yaml'): void {
  const made = fleet({ ...rest, [path]: content });
  const file = made.file(path);
  check(file, made.knowledge);
  complete(file, offset, made.knowledge);
  hover(file, offset, made.knowledge);
  definitions(file, offset, made.knowledge);
  links(file, made.knowledge);
  symbols(file);
}

test('every prefix, and the cursor at every place', () => {
  for (let i = 0; i <= text.length; i += 3) {
    ask(text.slice(0, i), i);
    ask(text, i);
  }
});

test('the same as a kustomization file', () => {
  const kustomization = 'resources:\n- a.yaml\npatches:\n- path: p.yaml\n  target: {kind: x}\nimages: [{name: a}]\n';
  for (let i = 0; i <= kustomization.length; i++) ask(kustomization.slice(0, i), i, 'apps/kustomization.yaml');
});

test('random cuts and insertions', () => {
  const piece = fc.constantFrom(
    ':',
    '- ',
    '  ',
    '\n',
    '{',
    '}',
    '[',
    ']',
    '|',
    '&a ',
    '*a',
    '${',
    '"',
    '#',
    '---\n',
    '\t',
    '<<: ',
    '!!map ',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(30), piece, fc.nat(text.length), (at, cut, put, cursor) => {
      const changed = text.slice(0, at) + put + text.slice(at + cut);
      ask(changed, Math.min(cursor, changed.length));
    }),
    { numRuns: 300 },
  );
});

test('deep, wide and long input is answered in time', () => {
  const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n';
  const wide = `${head}${Array.from({ length: 20_000 }, (_, i) => `  k${i}: v\n`).join('')}`;
  const deep = `${head}  a: ${'['.repeat(5_000)}`;
  const long = `${head}  a: "${'${x}'.repeat(50_000)}"\n`;
  const start = performance.now();
  for (const each of [wide, deep, long]) ask(each, each.length);
  expect(performance.now() - start).toBeLessThan(20_000);
});
