/**
 * Small fleets of our own with every feature, judged by the real `flux build kustomization --dry-run`: the same bytes, or
 * both refuse. Skipped where the tool is not built (`npm run tools`).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildLikeFlux, type Mapping, parse } from '../../../src/engine/index.ts';
import { diskTree, snapshot } from '../../../src/io/disk.ts';
import { configMap, type Files, kustomizer } from './check.ts';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const flux = join(process.env.SLUICE_TOOLS ?? cache, 'flux');
const skip = !existsSync(flux);

const object = (spec: string) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ks, namespace: flux-system}
spec:
  interval: 10m
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
${spec.replace(/^(?=.)/gm, '  ')}
`;

interface Story {
  readonly files: Files;
  readonly spec?: string;
  readonly strict?: boolean;
}

function judge(folder: string, spec: string, strict: boolean) {
  const file = join(folder, '.ks');
  const text = object(spec);
  writeFileSync(file, text);
  const words = ['build', 'kustomization', 'ks', '--path', join(folder, 'in'), '--kustomization-file', file];
  const more = ['--dry-run', '--in-memory-build', ...(strict ? ['--strict-substitute'] : [])];
  const theirs = spawnSync(flux, [...words, ...more], { cwd: folder, maxBuffer: 1 << 28 });
  const ours = buildLikeFlux({
    kustomizer: kustomizer(),
    tree: snapshot(diskTree('/')),
    path: join(folder, 'in'),
    object: parse(text, 'ks.yaml').documents[0]!.root as Mapping,
    substitution: strict ? 'strict' : 'lenient',
    textOf: () => undefined,
  });
  const problems = ours.problems.map((problem) => problem.message).join('\n');
  const refused = theirs.stderr.toString();
  if (theirs.status !== 0) expect(ours.complete, `flux refuses: ${refused}`).toBe(false);
  else expect(ours.complete ? ours.text : `refused: ${problems}`).toBe(theirs.stdout.toString());
  return { refused: theirs.status !== 0, said: refused, problems };
}

function check({ files, spec = '', strict = false }: Story) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-flux-'));
  try {
    mkdirSync(join(folder, 'in'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'in', path)), { recursive: true });
      writeFileSync(join(folder, 'in', path), text);
    }
    return judge(folder, spec, strict);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const a = configMap('a', 'k: v');
const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app:0}]}\n';
const secret = (data: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${data}`;
const sops = 'sops: {mac: "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"}\n';

const stories: Readonly<Record<string, Story>> = {
  'a plain folder': {
    files: {
      'b.yaml': a,
      'a/x.yml': pod,
      'n/kustomization.yaml': 'resources: [y.yaml]\n',
      'n/y.yaml': a.replace('name: a', 'name: y'),
    },
  },
  'a plain folder with a file that is no manifest': { files: { 'a.yaml': a, 'values.yaml': 'a: 1\n' } },
  'an empty folder': { files: { 'README.md': '' } },
  'an empty file and comments': { files: { 'a.yaml': a, 'b.yaml': '# nothing\n', 'c.yaml': '' } },
  'a name that is missing': { files: { 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {}\n' } },
  'a broken file': { files: { 'a.yaml': a, 'b.yaml': 'a: [\n' } },
  'an ignored file': { files: { '.sourceignore': 'b.yaml\n', 'a.yaml': a, 'b.yaml': 'x: 1\n' } },
  'an ignored resource': {
    files: {
      '.sourceignore': 'b.yaml\n',
      'kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
      'a.yaml': a,
      'b.yaml': pod,
    },
  },
  'a resource that is missing': { files: { 'kustomization.yaml': 'resources: [a.yaml]\n' } },
  'what is ignored by default': {
    files: { 'kustomization.yaml': 'resources: [a.yaml, .flux.yaml]\n', 'a.yaml': a, '.flux.yaml': pod },
  },
  'unknown fields are lost': { files: { 'kustomization.yaml': 'resources: [a.yaml]\nnope: 1\n', 'a.yaml': a } },
  'unknown fields inside are lost': {
    files: {
      'kustomization.yaml':
        'resources: [p.yaml]\nimages: [{name: app, newTag: "2", nope: 1}]\nlabels: [{pairs: {a: b}, nope: 1}]\n',
      'p.yaml': pod,
    },
  },
  'names in other cases': { files: { 'kustomization.yaml': 'Resources: [p.yaml]\nNAMEPREFIX: x-\n', 'p.yaml': pod } },
  'fields that are null': {
    files: { 'kustomization.yaml': 'resources: [p.yaml]\npatches: null\nimages:\nnamePrefix:\n', 'p.yaml': pod },
  },
  'a field of the wrong type': {
    files: { 'kustomization.yaml': 'resources: [p.yaml]\nnamePrefix: 5\n', 'p.yaml': pod },
  },
  'a patch without target, with options': {
    files: { 'p.yaml': pod },
    spec: 'patches: [{patch: "apiVersion: v1\\nkind: Pod\\nmetadata: {name: p, labels: {a: b}}", options: {allowNameChange: true}}]',
  },
  'a patch whose target has labels': {
    files: { 'p.yaml': pod, 'a.yaml': a },
    spec: 'patches: [{patch: "[{op: add, path: /metadata/labels, value: {x: y}}]", target: {labelSelector: "a=b"}}, {patch: "[{op: add, path: /metadata/labels, value: {x: y}}]", target: {kind: Pod, annotationSelector: "!z"}}]',
  },
  'a List of resources in one file': {
    files: {
      'kustomization.yaml': 'resources: [l.yaml]\n',
      'l.yaml':
        'apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n',
    },
  },
  'duplicate keys': { files: { 'kustomization.yaml': 'resources: [p.yaml]\nresources: [p.yaml]\n', 'p.yaml': pod } },
  'duplicate keys in a manifest': { files: { 'p.yaml': `${pod}metadata: {name: q}\n` } },
  'a byte-order mark': { files: { 'p.yaml': `\ufeff${pod}` } },
  'carriage returns': { files: { 'p.yaml': pod.replaceAll('\n', '\r\n') } },
  'a yml kustomization': { files: { 'kustomization.yml': 'resources: [p.yaml]\nnamePrefix: x-\n', 'p.yaml': pod } },
  'two kustomization files': {
    files: {
      'kustomization.yml': 'resources: [p.yaml]\n',
      'kustomization.yaml': 'namePrefix: y-\nresources: [p.yaml]\n',
      'p.yaml': pod,
    },
  },
  'a hidden folder': { files: { 'p.yaml': pod, '.hidden/a.yaml': a, '_x/b.yaml': a.replace('name: a', 'name: b') } },
  'an empty nested kustomization': { files: { 'p.yaml': pod, 'n/kustomization.yaml': '' } },
  'a nested folder without manifests': { files: { 'p.yaml': pod, 'n/README.md': '' } },
  'generators only': { files: { 'kustomization.yaml': 'configMapGenerator: [{name: g, literals: [a=b]}]\n' } },
  'components only': {
    files: {
      'kustomization.yaml': 'components: [part]\n',
      'part/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\n',
      'part/a.yaml': a,
    },
  },
  'an empty kustomization': { files: { 'kustomization.yaml': '' } },
  'two documents': { files: { 'kustomization.yaml': 'resources: [a.yaml]\n---\nresources: [b.yaml]\n', 'a.yaml': a } },
  'every field that is merged': {
    files: {
      'kustomization.yaml':
        'namePrefix: lost-\nresources: [a.yaml, p.yaml]\nimages: [{name: app, newName: reg/app, newTag: "1", digest: sha256:aa}]\n',
      'a.yaml': a,
      'p.yaml': pod,
      'part/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -part\n',
    },
    spec: `targetNamespace: prod
namePrefix: x-
nameSuffix: -y
commonMetadata: {labels: {l: "1"}, annotations: {n: "2"}}
components: [part, absent]
ignoreMissingComponents: true
images: [{name: app, newTag: "2"}, {name: other, newTag: "3"}]
patches:
- patch: '[{"op": "replace", "path": "/data/k", "value": "w"}]'
  target: {kind: ConfigMap}
- patch: "apiVersion: v1\\nkind: Pod\\nmetadata: {name: p}\\nspec: {hostNetwork: true}"`,
  },
  'an image with a digest': { files: { 'p.yaml': pod }, spec: 'images: [{name: app, digest: "sha256:bb"}]' },
  'a component that is missing': { files: { 'a.yaml': a }, spec: 'components: [absent]' },
  'a component from elsewhere': { files: { 'a.yaml': a }, spec: 'components: ["https://example.com/x"]' },
  'origin annotations': { files: { 'a.yaml': a }, spec: 'buildMetadata: [originAnnotations]' },
  lists: { files: { 'a.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${a.trim().replaceAll('\n', '\n  ')}\n` } },
  'stringData that looks like numbers': {
    files: {
      's.yaml': secret(
        'stringData: {a: "5432", b: "", c: "true", d: "null", e: "x\\ny", f: "0x10", g: "1e3", h: "on", i: "2020-01-01"}\n',
      ),
    },
  },
  'an empty data': { files: { 's.yaml': secret('data: {}\nstringData: {}\n') } },
  'data that is no base64': { files: { 's.yaml': secret('data: {a: "?"}\n') } },
  'an encrypted Secret': { files: { 's.yaml': secret(`data: {a: "ENC[x]"}\nstringData: {b: "ENC[y]"}\n${sops}`) } },
  'an encrypted registry Secret': {
    files: { 's.yaml': secret(`type: kubernetes.io/dockerconfigjson\ndata: {a: "ENC[x]"}\n${sops}`) },
  },
  'an encrypted file in a Secret': {
    files: { 's.yaml': secret(`data: {a: ${btoa('sops: ENC[x]')}}\nstringData: {b: "sops ENC["}\n`) },
  },
  'labels that are null': {
    files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: null, annotations: null}\n' },
    spec: 'commonMetadata: {annotations: {n: "2"}}',
  },
  'labels that are no strings': {
    files: {
      'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {x: true}, annotations: {y: 1}}\n',
    },
    spec: 'commonMetadata: {labels: {l: "1"}, annotations: {n: "2"}}',
  },
  'values of every type': {
    files: {
      'a.yaml': configMap(
        'a',
        'a: yes, b: 012, c: 1.0, d: 1e3, e: ~, f: "12:30", g: 0x1F, h: 2020-01-01, i: 123456789012345678901, j: .5, k: "a: b", l: "- x"',
      ),
    },
  },
  'a long text': {
    files: {
      'a.yaml': configMap('a', `k: "${'word '.repeat(40)}", l: "a\\nb\\n", m: "  lead", n: "tab\\tx", o: "é ü 漢"`),
    },
  },
  substitution: {
    files: {
      'a.yaml': configMap(
        'a',
        'a: "${A}", b: "pre-${B}", c: "${N:=7}", d: "$${A}", e: "$$x", f: "${L}", g: "${A/1/2}", h: "${#B}", "k-${B}": v, i: "${Q}"',
      ),
    },
    spec: 'postBuild: {substitute: {A: "1", B: "true", L: "x\\ny", Q: "a: b #c"}}',
  },
  'substitution that is broken': {
    files: { 'a.yaml': configMap('a', 'a: "${A.b}"') },
    spec: 'postBuild: {substitute: {A: "1"}}',
  },
  'substitution that breaks the YAML': {
    files: { 'a.yaml': configMap('a', 'a: "${A}"') },
    spec: 'postBuild: {substitute: {A: "[x"}}',
  },
  'a variable that is not set': {
    files: { 'a.yaml': configMap('a', 'a: "${X}"') },
    spec: 'postBuild: {substitute: {A: "1"}}',
  },
  'a variable that is not set, strictly': {
    files: { 'a.yaml': configMap('a', 'a: "${X}"') },
    spec: 'postBuild: {substitute: {A: "1"}}',
    strict: true,
  },
  'no variables, no substitution': {
    files: { 'a.yaml': configMap('a', 'a: "${X} $$"') },
    spec: 'postBuild: {substitute: {}}',
  },
  always: { files: { 'a.yaml': configMap('a', 'a: "${X} $$"') }, spec: 'postBuild: {substituteStrategy: Always}' },
  'substituteFrom is left out': {
    files: { 'a.yaml': configMap('a', 'a: "${X}"') },
    spec: 'postBuild: {substituteFrom: [{kind: ConfigMap, name: x}]}',
  },
  'a bad name': { files: { 'a.yaml': a }, spec: 'postBuild: {substitute: {a-b: "1"}}' },
  'disabled by label': {
    files: {
      'a.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\ndata: {a: "${A}"}\n',
    },
    spec: 'postBuild: {substitute: {A: "1"}}',
  },
  'a substituted name': { files: { 'a.yaml': configMap('${A}', 'k: v') }, spec: 'postBuild: {substitute: {A: "n"}}' },
  'a cycle': { files: { 'kustomization.yaml': 'resources: [n]\n', 'n/kustomization.yaml': 'resources: [..]\n' } },
  'one object twice': { files: { 'a.yaml': a, 'b.yaml': a } },
  'old patches': {
    files: {
      'kustomization.yaml': 'resources: [a.yaml]\npatchesStrategicMerge: [p.yaml]\n',
      'a.yaml': a,
      'p.yaml': configMap('a', 'k: w'),
    },
  },
  'a Flux Kustomization as an object': { files: { 'k.yaml': object('path: ./x') } },
  'a kustomization as an object': {
    files: {
      'kustomization.yaml': 'resources: [x.yaml]\n',
      'x.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n',
    },
  },
  'a CRD and its status': {
    files: {
      'c.yaml':
        'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x, creationTimestamp: null}\nstatus: {a: [], b: {}}\n',
    },
  },
};

for (const [name, story] of Object.entries(stories)) {
  test.skipIf(skip)(`${name}${skip ? ` (skipped: no ${flux})` : ''}`, () => void check(story));
}

const module = join(process.env.GOMODCACHE ?? join(homedir(), 'go/pkg/mod'), 'github.com/fluxcd');

/** Another host is asked by one of them; in the other, kustomize crashes on internal annotations that a file forges. */
const leftOut = ['remote', 'panic'];

/** Folders of the modules' own test data that Flux's tests build. */
function testdata(): readonly string[] {
  const pkg = join(module, 'pkg');
  const found = existsSync(pkg) ? readdirSync(pkg).filter((name) => name.startsWith('kustomize@v1.35')) : [];
  const roots = [
    ...found.map((name) => join(pkg, name, 'testdata')),
    join(module, 'flux2/v2@v2.9.5/cmd/flux/testdata/build-kustomization'),
  ];
  return roots.filter(existsSync).flatMap((root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !leftOut.includes(entry.name))
      .map((entry) => join(root, entry.name)),
  );
}

const folders = skip ? [] : testdata();

test.skipIf(folders.length === 0)(
  "the modules' own test data (skipped without flux and the modules)",
  () => {
    const counts = { equal: 0, refused: 0 };
    for (const source of folders) {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-flux-'));
      cpSync(source, join(folder, 'in'), { recursive: true });
      const spec =
        'targetNamespace: apps\npostBuild: {substitute: {cluster_env: test, cluster_region: eu, _Region: x, zone: "1"}}';
      counts[judge(folder, spec, false).refused ? 'refused' : 'equal']++;
      rmSync(folder, { recursive: true, force: true });
    }
    console.log(`flux's test data: ${counts.equal} folders byte-equal, ${counts.refused} refused by both`);
  },
  120_000,
);
