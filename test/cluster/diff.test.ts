/**
 * `sluice diff` against the live cluster, judged by `flux diff kustomization`: for every edit of the fleet, both must
 * name the same objects as created, changed and deleted, Kustomization by Kustomization.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sluice } from './cli.ts';
import { lineEdits } from './edits.ts';
import { type LiveFleet, liveFleet, removeFleet } from './live-fleet.ts';
import { type Rig, refOf, rig, value } from './rig.ts';

let it: Rig;
let fleet: LiveFleet;

beforeAll(async () => {
  it = rig();
  fleet = await liveFleet(it, 'diff-fleet');
});
afterAll(() => removeFleet(it));

const root = 'clusters/production';
/** Each Flux Kustomization: its path and the file that holds it. */
const kustomizations = {
  'flux-system': [root, `${root}/flux-system/gotk-sync.yaml`],
  infrastructure: ['infrastructure', `${root}/infrastructure.yaml`],
  apps: ['apps/production', `${root}/apps.yaml`],
} as const;

/** What Flux's own command says: `► Kind/namespace/name drifted`. */
async function fluxDiff(): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, [path, file]] of Object.entries(kustomizations)) {
    const out = await run(it.tool('flux'), [
      'diff',
      'kustomization',
      name,
      '--progress-bar=false',
      `--path=${join(fleet.folder, path)}`,
      `--kustomization-file=${join(fleet.folder, file)}`,
    ]);
    found[name] = [...out.matchAll(/^► (\S+) (created|drifted|deleted|skipped)/gm)]
      .map(([, id, what]) => `${what} ${id}`)
      .sort();
  }
  return found;
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((done, refuse) => {
    const env = { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: it.layout.kubeconfig };
    execFile(command, args, { env, cwd: fleet.folder }, (error, stdout, stderr) =>
      // 1: there are differences.
      error !== null && error.code !== 1 ? refuse(new Error(stderr)) : done(stdout),
    );
  });
}

interface PlanJson {
  readonly problems: readonly object[];
  readonly groups: readonly {
    readonly owner: { readonly kind: string; readonly name: string };
    readonly entries: readonly {
      readonly id: { readonly kind: string; readonly namespace: string; readonly name: string };
      readonly action: string;
      readonly reason: string;
      readonly changes: readonly object[];
    }[];
  }[];
}

const words: Readonly<Record<string, string>> = {
  create: 'created',
  configure: 'drifted',
  delete: 'deleted',
  skip: 'skipped',
  recreate: 'drifted',
};

async function sluiceDiff(): Promise<{ readonly code: number | null; readonly plan: PlanJson; readonly out: string }> {
  const ran = await sluice(it.layout, [
    'diff',
    fleet.folder,
    '--cluster',
    root,
    '--context',
    'sluice-loopback',
    '-o',
    'json',
  ]);
  return { code: ran.code, plan: JSON.parse(ran.out) as PlanJson, out: ran.out + ran.err };
}

function saidBy(plan: PlanJson): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {};
  for (const { owner, entries } of plan.groups) {
    if (owner.kind !== 'Kustomization') continue;
    found[owner.name] = entries
      .filter((entry) => words[entry.action] !== undefined)
      .map(({ action, id }) => `${words[action]} ${[id.kind, id.namespace, id.name].filter(Boolean).join('/')}`)
      .sort();
  }
  return found;
}

/** Both commands on the edited working copy; `expected` guards against both being wrong in the same way. */
async function checkDiff(expected: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const [said, judge] = [await sluiceDiff(), await fluxDiff()];
  const none = { 'flux-system': [], infrastructure: [], apps: [] };
  expect(saidBy(said.plan)).toEqual(judge);
  expect(judge).toEqual({ ...none, ...expected });
  const changes = Object.values(expected)
    .flat()
    .some((one) => !one.startsWith('skipped'));
  expect(said.code).toBe(changes ? 1 : 0);
  return said.out;
}

test('nothing edited: nothing to do', async () => {
  await checkDiff({});
});

test('a number of replicas', async () => {
  fleet.edit('apps/production/api/kustomization.yaml', /count: \d+/, 'count: 7');
  await checkDiff({ apps: ['drifted Deployment/apps/api'] });
});

test('an application taken out, with its generated ConfigMap', async () => {
  fleet.write({ 'apps/production/worker': undefined });
  fleet.edit('apps/production/kustomization.yaml', /^ {2}- worker\n/m, '');
  await checkDiff({ apps: ['deleted ConfigMap/apps/worker-dhkdtdt7c6', 'deleted Deployment/apps/worker'] });
});

test('a substitution variable changes what uses it, and the Kustomization that sets it', async () => {
  fleet.edit('clusters/production/apps.yaml', 'domain: example.com', 'domain: example.org');
  await checkDiff({ 'flux-system': ['drifted Kustomization/flux-system/apps'], apps: ['drifted Ingress/apps/api'] });
});

test('20: new objects, also in a namespace that comes with them', async () => {
  const fresh = `apiVersion: v1
kind: Namespace
metadata: { name: fresh }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: fresh }
data: { a: b }
`;
  fleet.write({ [`${root}/fresh.yaml`]: fresh });
  // flux diff gives up here ("namespaces "fresh" not found"); the controller creates the Namespace first, and so do we.
  await expect(fluxDiff()).rejects.toThrow(/namespaces "fresh" not found/);
  expect(saidBy((await sluiceDiff()).plan)['flux-system']).toEqual([
    'created ConfigMap/fresh/settings',
    'created Namespace/fresh',
  ]);
});

test('quantities and defaults that mean the same are no change', async () => {
  fleet.edit('apps/production/api/resources.yaml', 'cpu: 250m', 'cpu: "0.25"');
  await checkDiff({});
});

test('a field that its kind does not have is left out, as by Flux, and told at its line', async () => {
  fleet.edit('apps/base/api/ingress.yaml', '    - host:', '    - hosts: [x]\n      host:');
  await fleet.followed(await fleet.repository.push('A field that no Ingress has'));
  await checkDiff({});
  const message = 'Flux leaves out spec.rules[0].hosts of Ingress apps/api: Ingress has no such field';
  const at = 'apps/base/api/ingress.yaml:10:7';
  const warning = { code: 'schema-unknown-field', severity: 'warning', message, at };
  expect((await sluiceDiff()).plan.problems).toContainEqual(warning);
  fleet.edit('apps/base/api/ingress.yaml', 'path: /', 'path: /api');
  await checkDiff({ apps: ['drifted Ingress/apps/api'] });
});

test('a zero that Go leaves out takes nothing back from whoever set it', async () => {
  fleet.edit('apps/base/api/deployment.yaml', '  replicas: 1\n', '  replicas: 1\n  minReadySeconds: 0\n');
  await fleet.followed(await fleet.repository.push('A zero'));
  const patch = ['--type=merge', '-p', '{"spec":{"minReadySeconds":5}}', '--field-manager=somebody'];
  await it.kubectl(['patch', '-n', 'apps', 'deployment/api', ...patch]);
  await checkDiff({});
});

test('a Secret is compared and never shown', async () => {
  const secret = (password: string) => `apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: ${password} }
`;
  const list = [
    'apps/production/kustomization.yaml',
    '  - namespace.yaml\n',
    '  - namespace.yaml\n  - secret.yaml\n',
  ] as const;
  fleet.write({ 'apps/production/secret.yaml': secret('canary-one') });
  fleet.edit(...list);
  const created = await checkDiff({ apps: ['created Secret/apps/login'] });
  const commit = await fleet.repository.push('A secret');
  await fleet.followed(commit);
  await checkDiff({});
  fleet.write({ 'apps/production/secret.yaml': secret('canary-two') });
  const changed = await checkDiff({ apps: ['drifted Secret/apps/login'] });
  expect(created + changed).not.toMatch(/canary|Y2FuYXJ5/);
});

test('34: what Flux is told to leave alone', async () => {
  const annotated = (name: string, annotation: string, value: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  annotations: { kustomize.toolkit.fluxcd.io/${annotation}: ${value} }
data: { a: b }
`;
  const files = {
    'apps/production/left.yaml': annotated('once', 'ssa', 'IfNotPresent'),
    'apps/production/kept.yaml': annotated('kept', 'prune', 'disabled'),
  };
  fleet.write(files);
  fleet.edit(
    'apps/production/kustomization.yaml',
    '  - namespace.yaml\n',
    '  - namespace.yaml\n  - left.yaml\n  - kept.yaml\n',
  );
  await checkDiff({ apps: ['created ConfigMap/apps/kept', 'created ConfigMap/apps/once'] });
  await fleet.followed(await fleet.repository.push('Annotated objects'));
  fleet.edit('apps/production/left.yaml', 'a: b', 'a: c');
  await checkDiff({ apps: ['skipped ConfigMap/apps/once'] });
  fleet.write({ 'apps/production/kept.yaml': undefined });
  fleet.edit('apps/production/kustomization.yaml', '  - kept.yaml\n', '');
  // flux diff does not look at the annotation and calls it deleted; the controller keeps it, and so do we.
  expect((await fluxDiff()).apps).toContain('deleted ConfigMap/apps/kept');
  expect(saidBy((await sluiceDiff()).plan).apps).toEqual(['skipped ConfigMap/apps/once']);
  await fleet.followed(await fleet.repository.push('Without the kept one'));
  value(await it.cluster.get(refOf('v1', 'ConfigMap', 'apps', 'kept')));
});

test('16: drift: somebody changed the cluster', async () => {
  await it.kubectl(['scale', '-n', 'apps', 'deployment/worker', '--replicas=9']);
  await checkDiff({ apps: ['drifted Deployment/apps/worker', 'skipped ConfigMap/apps/once'] });
  await fleet.reconcile('apps');
  await checkDiff({ apps: ['skipped ConfigMap/apps/once'] });
});

test('an annotation by kubectl goes: the controller removes it, though flux diff does not say so', async () => {
  const service = refOf('v1', 'Service', 'apps', 'api');
  await it.kubectl(['annotate', '-n', 'apps', 'service/api', 'somebody=else']);
  expect(saidBy((await sluiceDiff()).plan).apps).toContain('drifted Service/apps/api');
  expect((await fluxDiff()).apps).not.toContain('drifted Service/apps/api');
  await fleet.reconcile('apps');
  const { annotations } = value(await it.cluster.get(service)).metadata as { annotations?: object };
  expect(annotations ?? {}).not.toHaveProperty('somebody');
});

test('random edits: both commands see the same, and where flux cannot build or ask, we say that something is wrong', async () => {
  await fleet.restore();
  const folders = ['apps/base', 'apps/production', 'infrastructure'];
  const files = Object.fromEntries(
    folders.flatMap((folder) =>
      (readdirSync(join(fleet.folder, folder), { recursive: true }) as string[])
        .filter((name) => name.endsWith('.yaml'))
        .sort()
        .map((name) => [`${folder}/${name}`, readFileSync(join(fleet.folder, folder, name), 'utf8')]),
    ),
  );
  for (const edit of lineEdits(files, 20, 4711)) {
    await fleet.restore();
    const lines = files[edit.file]!.split('\n');
    lines.splice(edit.line, 1, ...(edit.now === undefined ? [] : [edit.now]));
    fleet.write({ [edit.file]: lines.join('\n') });
    const title = `${edit.file}:${edit.line + 1} "${edit.was}" became "${edit.now ?? ''}"`;
    const said = await sluiceDiff();
    const judge = await fluxDiff().catch((error: Error) => error.message);
    if (typeof judge === 'string') expect(said.code, `${title}\n${judge}`).toBe(1);
    else expect(saidBy(said.plan), title).toEqual(judge);
  }
});
