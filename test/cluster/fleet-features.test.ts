/**
 * Every field of a Kustomization, rendered by us and applied by the real kustomize-controller: what is in the cluster equals
 * what we rendered (a server-side dry run finds nothing to change), and its inventory names our objects in our order.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contextName } from '../../scripts/cluster/layout.ts';
import { type DesiredSet, idOf, type LiveObject } from '../../src/engine/index.ts';
import { sluice } from './cli.ts';
import { fleet, kustomization, live, told, visitor } from './fleet.ts';
import { type Rig, rig, value } from './rig.ts';

const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { ${data} }\n`;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: web, image: registry.example.com/web, env: [{ name: REGION, value: "\${region}" }] }
`;

/** A Kustomization of the cluster directory with a spec of its own, beside what every one has. */
const child = (name: string, spec: string) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: NAMESPACE }
spec:
  interval: 1h
  prune: true
  sourceRef: { kind: GitRepository, name: root }
${spec.replace(/^/gm, '  ')}
`;

const children: Readonly<Record<string, string>> = {
  // A plain folder: the controller writes the kustomization file; nested ones are taken whole.
  generated: 'path: ./generated\ntargetNamespace: NAMESPACE',
  patched: `path: ./web
targetNamespace: NAMESPACE
namePrefix: a-
nameSuffix: -z
commonMetadata: { labels: { team: web, app: stays }, annotations: { note: "yes" } }
images:
  - { name: registry.example.com/web, newName: registry.example.com/other, newTag: "2" }
components: [../component]
patches:
  - patch: |
      - { op: replace, path: /spec/replicas, value: 2 }
    target: { kind: Deployment }
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: extra }
      data: { patched: "true" }
postBuild:
  substitute: { region: east, size: "3" }
  substituteFrom:
    - { kind: ConfigMap, name: settings }
    - { kind: Secret, name: login }
    - { kind: ConfigMap, name: absent, optional: true }
dependsOn: [{ name: settings }]`,
  settings: 'path: ./settings\ntargetNamespace: NAMESPACE\nwait: true',
  ordered: `path: ./ordered
targetNamespace: NAMESPACE
dependsOn:
  - { name: settings, readyExpr: "dep.status.observedGeneration >= 0 && self.metadata.name == 'ordered'" }
deletionPolicy: Orphan
force: false
timeout: 2m
retryInterval: 30s`,
  missing:
    'path: ./web\ntargetNamespace: NAMESPACE\nnamePrefix: m-\ncomponents: [../nowhere]\nignoreMissingComponents: true\npostBuild: { substitute: { region: west, size: "1" } }',
};

const files = {
  ...Object.fromEntries(
    Object.entries(children).map(([name, spec]) => [`clusters/test/${name}.yaml`, child(name, spec)]),
  ),
  'generated/a.yaml': configMap('gen-a', 'k: v'),
  'generated/.sourceignore': 'ignored.yaml\n',
  'generated/ignored.yaml': configMap('ignored', 'k: v'),
  'generated/deep/b.yaml': `${configMap('gen-b', 'k: "1"')}---\n${configMap('gen-c', 'k: "on"')}`,
  'generated/nested/kustomization.yaml': 'configMapGenerator: [{ name: made, literals: [a=b] }]\n',
  'web/kustomization.yaml': 'resources: [web.yaml, extra.yaml]\n',
  'web/web.yaml': deployment,
  'web/extra.yaml': `${configMap('extra', 'size: "s${size}", upper: "${region^^}", fallback: "${nothing:=none}", kept: "$${kept}"')}---
${configMap('plain', 'text: "${size}"').replace('name: plain', 'name: plain, annotations: { kustomize.toolkit.fluxcd.io/substitute: disabled }')}`,
  'component/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [added.yaml]\n',
  'component/added.yaml': configMap('added', 'by: "a component of ${owner}"'),
  'settings/settings.yaml': configMap('settings', 'region: overridden, owner: settings'),
  'settings/login.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { owner: the-secret }\n',
  'ordered/all.yaml': `apiVersion: v1
kind: ServiceAccount
metadata: { name: ordered }
---
apiVersion: v1
kind: Service
metadata: { name: ordered }
spec: { selector: { app: ordered }, ports: [{ port: 80 }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: ordered }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
---
apiVersion: v1
kind: Secret
metadata: { name: ordered }
data: { k: dg== }
`,
};

test('what the controllers applied is what we rendered, and the inventory is ours', async () => {
  const it = rig();
  const names = Object.keys(children);
  const my = await fleet(it, files, names);
  const plan = await my.planned();
  expect(plan.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(told(plan)).toEqual([]);
  for (const set of my.wanted().filter(({ owner }) => names.includes(owner.id.name))) {
    const applied = value(await it.cluster.get(kustomization(my.namespace, set.owner.id.name)));
    expect([set.owner.id.name, inventoryOf(applied)]).toEqual([set.owner.id.name, entriesOf(set)]);
  }
});

test('variables that only the cluster has: the command line takes them from there, says so, and hides the secret', async () => {
  const it = rig();
  const spec =
    'path: ./apps\ntargetNamespace: NAMESPACE\npostBuild: { substituteFrom: [{ kind: ConfigMap, name: live }, { kind: Secret, name: hidden }] }';
  const my = await fleet(it, { 'apps/a.yaml': configMap('a', 'k: v') });
  await it.kubectl(
    ['apply', '--server-side', '-f', '-'],
    `apiVersion: v1
kind: ConfigMap
metadata: { name: live, namespace: ${my.namespace} }
data: { region: from-the-cluster }
---
apiVersion: v1
kind: Secret
metadata: { name: hidden, namespace: ${my.namespace} }
stringData: { token: correct-horse-battery }
`,
  );
  my.edit({
    'clusters/test/apps.yaml': child('apps', spec),
    'apps/a.yaml': configMap('a', 'k: "${region}", t: "${token}"'),
  });
  const args = ['build', my.folder, '--cluster', 'clusters/test', '--context', contextName];
  const { out, err } = await sluice(it.layout, args);
  expect(out).toContain('k: from-the-cluster');
  expect(err).toContain(
    `variables come from the cluster's ConfigMap ${my.namespace}/live, Secret ${my.namespace}/hidden`,
  );
  expect(out + err).not.toContain('correct-horse-battery');
  const json = await sluice(it.layout, [...args, '-o', 'json', '--origins', '--only', `ConfigMap/${my.namespace}/a`]);
  expect(JSON.parse(json.out).origins[0].fields).toMatchObject({
    '/data/k': [`cluster ConfigMap ${my.namespace}/live region`, 'apps/a.yaml:4:13'],
    '/data/t': [`cluster Secret ${my.namespace}/hidden token`, 'apps/a.yaml:4:29'],
  });
  await (await my.push()).applied();
  const diff = await sluice(it.layout, ['diff', my.folder, '--cluster', 'clusters/test', '--context', contextName]);
  expect([diff.code, diff.out + diff.err]).toEqual([0, expect.not.stringContaining('correct-horse-battery')]);
});

/** Encrypts as a person does, with the real sops, for the age key of the test. */
function encrypter(it: Rig) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fleet-sops-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const identity = execFileSync(it.tool('age-keygen'), { stdio: 'pipe' }).toString();
  const recipient = /public key: (age1\S+)/.exec(identity)![1]!;
  const encrypt = (name: string, text: string, ...more: readonly string[]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    execFileSync(it.tool('sops'), ['encrypt', '--age', recipient, '--in-place', ...more, file], {
      stdio: 'pipe',
      env: { PATH: process.env.PATH, HOME: folder },
    });
    return readFileSync(file, 'utf8');
  };
  return { identity, encrypt };
}

const closed = (word: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: closed }\nstringData: { word: ${word}, other: same-as-ever }\n`;

/** All of it, except for reading any Secret but those named. */
const allButOther = (secrets: readonly string[]) => `
- { apiGroups: [""], resources: [secrets], verbs: [create, patch, update, delete] }
- { apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [${secrets.join(', ')}] }
- { apiGroups: [""], resources: [configmaps, namespaces, serviceaccounts, services, nodes], verbs: ["*"] }
- { apiGroups: [kustomize.toolkit.fluxcd.io, source.toolkit.fluxcd.io, apps, apiextensions.k8s.io], resources: ["*"], verbs: ["*"] }`;

test('SOPS: with the age key of the cluster the plan is empty; who may not read it plans it as closed and sends none of it', async () => {
  const it = rig();
  const { identity, encrypt } = encrypter(it);
  const my = await fleet(it, { 'apps/a.yaml': configMap('a', 'k: v') });
  await it.kubectl(
    ['apply', '--server-side', '-f', '-'],
    `apiVersion: v1\nkind: Secret\nmetadata: { name: sops-age, namespace: ${my.namespace} }\nstringData:\n  my.agekey: |\n${identity.replace(/^/gm, '    ')}\n`,
  );
  const only = ['--encrypted-regex', '^(data|stringData)$'];
  const secret = (word: string) => encrypt('closed.yaml', closed(word), ...only);
  my.edit({
    'clusters/test/secrets.yaml': child(
      'secrets',
      'path: ./secrets\ntargetNamespace: NAMESPACE\ndecryption: { provider: sops, secretRef: { name: sops-age } }',
    ),
    'secrets/kustomization.yaml':
      'resources: [closed.yaml, open.yaml]\nsecretGenerator:\n  - { name: files, files: [token.json] }\n  - { name: words, envs: [login.env], options: { disableNameSuffixHash: true } }\n',
    'secrets/closed.yaml': secret('correct-horse-battery'),
    'secrets/open.yaml': configMap('open', 'k: "1"'),
    'secrets/token.json': encrypt('token.json', '{"token": "staple-of-horses"}\n'),
    'secrets/login.env': encrypt('login.env', 'USER_NAME=admin-of-horses\n'),
  });
  await (await my.push()).applied();
  const applied = await it.ready(kustomization(my.namespace, 'secrets'));

  const cluster = [my.folder, '--cluster', 'clusters/test', '--context', contextName];
  const diff = await sluice(it.layout, ['diff', ...cluster]);
  expect([diff.code, diff.out + diff.err]).toEqual([0, expect.not.stringMatching(/horse|AGE-SECRET/)]);
  const built = await sluice(it.layout, ['build', ...cluster, '-o', 'json', '--origins']);
  expect(built.out + built.err).not.toMatch(/horse|AGE-SECRET/);
  expect([...builtEntries(built.out, `Kustomization ${my.namespace}/secrets`)].sort()).toEqual(
    [...inventoryOf(applied)].sort(),
  );
  const kept = async () => (await live(it, 'v1', 'Secret', my.namespace, 'closed')) as { data: Record<string, string> };
  expect(atob((await kept()).data.word!)).toBe('correct-horse-battery');

  // An edit of the closed Secret and of the object beside it, by somebody without the key.
  const own = inventoryOf(applied).flatMap((entry) => /_([^_]+)__Secret /.exec(entry)?.[1] ?? []);
  expect(own).toHaveLength(3);
  await visitor(it, allButOther(own));
  my.edit({ 'secrets/closed.yaml': secret('another-horse'), 'secrets/open.yaml': configMap('open', 'k: "2"') });
  const kubeconfig = it.layout.visitorKubeconfig;
  const plan = await sluice(it.layout, ['diff', ...cluster], { kubeconfig });
  expect(plan.out + plan.err).toContain('stays encrypted here: no key at hand opens it');
  expect(plan.out + plan.err).not.toMatch(/horse|AGE-SECRET/);
  expect(plan.out).toContain('not compared, and never sent');
  const sent = await sluice(it.layout, ['apply', ...cluster, '--yes', '--prune'], { kubeconfig });
  expect(sent.out).toContain(`applied ConfigMap ${my.namespace}/open: configured\ndone: 1 applied`);
  expect(atob((await kept()).data.word!)).toBe('correct-horse-battery');
  expect(JSON.stringify(await kept())).not.toContain(btoa('ENC[').slice(0, 5));
  const names = await it.kubectl(['get', 'secrets', `--namespace=${my.namespace}`, '-o', 'name']);
  expect(names.trim().split('\n').sort()).toEqual([...own, 'sops-age'].map((name) => `secret/${name}`).sort());
});

function inventoryOf(object: LiveObject): readonly string[] {
  const status = object.status as { inventory?: { entries?: { id: string; v: string }[] } };
  return (status.inventory?.entries ?? []).map(({ id, v }) => `${id} ${v}`);
}

/** The set as the controller writes it down. */
function entriesOf({ objects }: DesiredSet): readonly string[] {
  return objects.map(({ node }) => {
    const { namespace, name, group, kind, version } = idOf(node);
    return `${namespace}_${name.replaceAll(':', '__')}_${group}_${kind} ${version}`;
  });
}

/** The objects of one owner in the JSON that `sluice build --origins` prints, as the controller writes them down. */
function builtEntries(json: string, owner: string): readonly string[] {
  const list = JSON.parse(json) as {
    readonly items: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly metadata: { readonly namespace: string; readonly name: string };
    }[];
    readonly origins: readonly { readonly owner: string }[];
  };
  const own = list.items.filter((_, at) => list.origins[at]!.owner === owner);
  return own.map(({ apiVersion, kind, metadata: { namespace, name } }) => {
    const [version, group = ''] = apiVersion.split('/').reverse();
    return `${namespace}_${name}_${group}_${kind} ${version}`;
  });
}
