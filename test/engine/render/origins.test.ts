/**
 * The proof of origins: change the scalar that an origin names, render again, and that rendered field must change. Over
 * the example fleet, every field of every object that Flux would apply (Helm charts are not at hand, so releases are
 * out), and of a Kustomization and a ResourceSet that use what it does not.
 */
import { expect, test } from 'vitest';
import {
  createRenderer,
  type DesiredSet,
  getPath,
  keyOf,
  type Node,
  type Origin,
  openWorkspace,
  textFile,
} from '../../../src/engine/index.ts';
import { diskTree, overlayTree, snapshot } from '../../../src/io/disk.ts';
import { kustomizer } from './check.ts';

const fleet = new URL('../../../examples/my-fleet', import.meta.url).pathname;

interface Field {
  readonly owner: string;
  readonly object: string;
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly at: Origin;
}

function fieldsOf(set: DesiredSet): readonly Field[] {
  const fields: Field[] = [];
  for (const object of set.objects) {
    const visit = (node: Node, path: readonly (string | number)[]) => {
      if (node.kind === 'mapping') for (const { key, value } of node.entries) visit(value, [...path, key.text]);
      else if (node.kind === 'sequence') node.items.forEach((item, i) => void visit(item, [...path, i]));
      else fields.push({ owner: keyOf(set.owner.id), object: keyOf(object.id), path, text: node.text, at: node.at });
    };
    visit(object.node, []);
  }
  return fields;
}

/** Another scalar of the same type; undefined where the place holds no scalar of its own (a generated file name). */
function changed(source: string): string | undefined {
  if (source === 'true' || source === 'false') return source === 'true' ? 'false' : 'true';
  if (/^["']/.test(source))
    return source.slice(0, -1) + (/\d$/.test(source.slice(0, -1)) ? '7' : 'x') + source.slice(-1);
  if (/^[|>]/.test(source) || source === '' || source.includes('\n')) return undefined;
  return /\d$/.test(source) ? `${source}7` : `${source}x`;
}

/** Beside the example fleet: what else stands between a line and an object. */
const more: Readonly<Record<string, string>> = {
  'clusters/production/exam.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: exam, namespace: flux-system }
spec:
  interval: 10m
  path: ./exam
  prune: true
  targetNamespace: exam
  namePrefix: pre-
  nameSuffix: -post
  commonMetadata: { labels: { team: web } }
  sourceRef: { kind: GitRepository, name: flux-system }
  images: [{ name: registry.example.com/web, newName: registry.example.com/other, newTag: v2 }]
  components: [../exam-component]
  postBuild:
    substitute: { region: east }
    substituteFrom: [{ kind: ConfigMap, name: exam-settings }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: exam-settings, namespace: flux-system }
data: { size: "3", zone: a }
---
apiVersion: fluxcd.controlplane.io/v1
kind: ResourceSet
metadata: { name: exam, namespace: flux-system }
spec:
  inputs:
    - { tenant: alpha, level: one }
    - { tenant: beta, level: two }
  resources:
    - apiVersion: v1
      kind: ConfigMap
      metadata: { name: "<< inputs.tenant >>-cm", namespace: exam }
      data: { level: "<< inputs.level >>", fixed: same }
`,
  'exam/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: \${size}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: registry.example.com/web:v1
          env: [{ name: REGION, value: "in \${region}-\${zone}" }, { name: PLAIN, value: plain }]
`,
  'exam-component/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configMapGenerator:
  - { name: made, literals: [mode=fast], options: { disableNameSuffixHash: true } }
patches:
  - target: { kind: Deployment }
    patch: |
      - { op: add, path: /metadata/annotations, value: { patched: by-component } }
`,
};

test('every origin names the scalar that decides its field', { timeout: 60_000 }, () => {
  const added = new Map(Object.entries(more).map(([path, text]) => [`/${path}`, textFile(path, text)]));
  const disk = snapshot(overlayTree(diskTree(fleet), added));
  const renderer = createRenderer({ kustomizer: kustomizer() });
  const renderAll = (edits = new Map<string, ReturnType<typeof textFile>>()) => {
    const workspace = openWorkspace(overlayTree(disk, edits), { remotes: [] });
    return renderer
      .renderCluster(workspace, '/clusters/production')
      .filter((set) => set.owner.id.kind !== 'HelmRelease');
  };
  const before = renderAll().flatMap(fieldsOf);
  const exam = before.filter(({ owner }) => owner.endsWith('/exam'));
  expect(new Set(exam.map(({ object }) => object)).size).toBe(4);
  expect(exam.map(({ text }) => text)).toEqual(expect.arrayContaining(['in east-a', 'by-component', 'two', 'fast']));
  const wrong: string[] = [];
  const counts = { proven: 0, skipped: 0, gone: 0 };
  const done = new Set<string>();
  for (const field of before) {
    const place = `${field.at.file}:${field.at.start}`;
    const text = disk.file(`/${field.at.file}`)?.text;
    const source = text?.slice(field.at.start, field.at.end);
    const next = source === undefined ? undefined : changed(source);
    if (text === undefined || next === undefined) {
      counts.skipped++;
      continue;
    }
    if (done.has(place)) continue;
    done.add(place);
    const edited = text.slice(0, field.at.start) + next + text.slice(field.at.end);
    const after = renderAll(new Map([[`/${field.at.file}`, textFile(field.at.file, edited)]]));
    const same = before.filter((other) => `${other.at.file}:${other.at.start}` === place);
    for (const other of same) {
      const object = after
        .find((set) => keyOf(set.owner.id) === other.owner)
        ?.objects.find((o) => keyOf(o.id) === other.object);
      const now = getPath(object?.node, other.path);
      if (now?.kind === 'scalar' && now.text === other.text)
        wrong.push(`${other.object} ${other.path.join('.')} = ${other.text} from ${place} (${source})`);
      else counts.proven++;
      if (now === undefined) counts.gone++;
    }
  }
  const asked = counts.proven + wrong.length;
  const share = (part: number, of: number) => `${((100 * part) / of).toFixed(1)} %`;
  console.log(
    `origins: ${before.length} scalars, ${share(asked, before.length)} with a scalar of their own in a file; of these ${share(counts.proven, asked)} right, ${share(counts.gone, asked)} because object or field went with the change`,
  );
  expect(wrong).toEqual([]);
  expect(counts.proven).toBeGreaterThan(200);
});
