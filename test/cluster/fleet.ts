/**
 * A small fleet of a test's own in the real cluster: a namespace, a repository with a cluster directory, and the real
 * controllers following it. `planned` renders the working copy as it is, edits included, and plans it with our engine.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import {
  type Cluster,
  createRenderer,
  type DesiredSet,
  keyOf,
  type LiveObject,
  type Plan,
  planLive,
} from '../../src/engine/index.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { openFolder } from '../../src/io/workspace.ts';
import { bounded, type Rig, refOf, value } from './rig.ts';

export interface TestFleet {
  readonly namespace: string;
  readonly folder: string;
  /** Writes files into the working copy, not pushed; undefined removes one. */
  edit(files: Readonly<Record<string, string | undefined>>): void;
  /** Pushes the working copy; the cluster has fetched it then. Answers how to wait until the controllers applied it. */
  push(): Promise<{ readonly revision: string; applied(): Promise<void> }>;
  wanted(): readonly DesiredSet[];
  planned(as?: Cluster): Promise<Plan>;
  /** `flux diff kustomization NAME` as lines `action Kind/namespace/name`, sorted. */
  fluxDiff(name: string, path: string): Promise<readonly string[]>;
}

export const kustomization = (namespace: string, name: string) =>
  refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', namespace, name);

/** Lays out `clusters/test` with a root Kustomization and a child for each of `children` (name → spec lines beside the path). */
export async function fleet(
  it: Rig,
  files: Readonly<Record<string, string>>,
  children: readonly string[] = ['apps'],
): Promise<TestFleet> {
  const namespace = await it.namespace();
  const repository = await it.repository();
  const edit: TestFleet['edit'] = (edits) => {
    for (const [path, text] of Object.entries(edits)) {
      const file = join(repository.folder, path);
      if (text === undefined) rmSync(file, { recursive: true, force: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text.replaceAll('NAMESPACE', namespace));
      }
    }
  };
  edit({
    'clusters/test/flux-system/gotk-sync.yaml': sync(namespace, repository.url),
    ...Object.fromEntries(children.map((name) => [`clusters/test/${name}.yaml`, child(name)])),
    ...files,
  });
  const wanted = (): readonly DesiredSet[] => {
    const workspace = openFolder(repository.folder, { trusted: true }).workspace();
    return createRenderer({ kustomizer: loadKustomizer() }).renderCluster(workspace, '/clusters/test');
  };
  const push = async () => {
    const revision = `main@sha1:${await repository.push('an edit')}`;
    await it.kubectl([
      'annotate',
      '--overwrite',
      // As the flux CLI: what kubectl itself owns, Flux takes over the next time, which may be after this.
      '--field-manager=flux',
      `--namespace=${namespace}`,
      'gitrepository/root',
      `reconcile.fluxcd.io/requestedAt=${Date.now()}`,
    ]);
    // Who is resumed before goes by the commit before.
    const source = refOf('source.toolkit.fluxcd.io/v1', 'GitRepository', namespace, 'root');
    await it.until(source, ({ status }) => {
      const { artifact } = (status ?? {}) as { readonly artifact?: { readonly revision: string } };
      return artifact?.revision === revision;
    });
    return { revision, applied: () => applied(revision) };
  };
  const applied = async (revision: string) => {
    for (const name of ['root', ...children])
      await it.until(kustomization(namespace, name), (object) => {
        const status = object.status as
          | { lastAppliedRevision?: string; conditions?: { type: string; status: string }[] }
          | undefined;
        const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
        return status?.lastAppliedRevision === revision && ready?.status === 'True';
      });
  };
  const first = await repository.push('the fleet');
  await it.kubectl([
    'apply',
    '--server-side',
    '-f',
    join(repository.folder, 'clusters/test/flux-system/gotk-sync.yaml'),
  ]);
  await applied(`main@sha1:${first}`);
  return {
    namespace,
    folder: repository.folder,
    edit,
    push,
    wanted,
    planned: (as = it.cluster) => planLive(as, wanted()),
    async fluxDiff(name, path) {
      const args = [
        'diff',
        'kustomization',
        name,
        `--namespace=${namespace}`,
        `--path=${join(repository.folder, path)}`,
        '--progress-bar=false',
      ];
      const env = { ...process.env, KUBECONFIG: it.layout.kubeconfig };
      const out = await promisify(execFile)(it.tool('flux'), args, { env }).then(
        ({ stdout }) => stdout,
        (error: { stdout: string; code: number; stderr: string }) => {
          if (error.code !== 1) throw new Error(error.stderr);
          return error.stdout;
        },
      );
      return out
        .split('\n')
        .flatMap((line) => {
          const match = /^► (\S+) (created|drifted|deleted|skipped)/.exec(line);
          return match === null ? [] : [`${match[2]} ${match[1]}`];
        })
        .sort();
    },
  };
}

/** The entries of one owner in flux's words. */
export function inFluxWords(plan: Plan, owner: string): readonly string[] {
  const words: Partial<Record<string, string>> = {
    create: 'created',
    configure: 'drifted',
    delete: 'deleted',
    skip: 'skipped',
  };
  const group = plan.groups.find((one) => one.owner.id.name === owner);
  return (group?.entries ?? [])
    .flatMap(({ action, id }) => {
      const word = words[action];
      const place = id.namespace === '' ? '' : `${id.namespace}/`;
      return word === undefined ? [] : [`${word} ${id.kind}/${place}${id.name}`];
    })
    .sort();
}

/** `action Kind/namespace/name` for all that is not unchanged. */
export function told(plan: Plan): readonly string[] {
  return plan.groups.flatMap((group) =>
    group.entries.flatMap(({ action, id }) => (action === 'unchanged' ? [] : [`${action} ${keyOf(id)}`])),
  );
}

/** Grants the visitor the rules given, in every namespace, until the test ends. */
export async function visitor(it: Rig, rules: string): Promise<void> {
  onTestFinished(async () => {
    const granted = await reviews(it);
    await it.kubectl(['delete', 'clusterrolebinding,clusterrole', 'plan-visitor', '--ignore-not-found']);
    await answered(it, granted, false);
  });
  await it.kubectl(
    ['apply', '--server-side', '-f', '-'],
    `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: plan-visitor }
rules:
${rules}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: plan-visitor }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: plan-visitor }
subjects: [{ kind: User, name: visitor, apiGroup: rbac.authorization.k8s.io }]
`,
  );
  await answered(it, await reviews(it), true);
}

/** One question of the server's authorizer for each rule of the visitor. */
async function reviews(it: Rig): Promise<readonly LiveObject[]> {
  const role = await it.cluster.get(refOf('rbac.authorization.k8s.io/v1', 'ClusterRole', '', 'plan-visitor'));
  const rules = (role.ok ? role.value.rules : []) as unknown as Readonly<
    Record<string, readonly string[] | undefined>
  >[];
  return rules.map(({ verbs, apiGroups, resources, resourceNames }) => {
    const asked = { verb: verbs![0]!, group: apiGroups![0]!, resource: resources![0]!, name: resourceNames?.[0] ?? '' };
    const spec = { user: 'visitor', resourceAttributes: asked };
    return { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec };
  });
}

/** The authorizer hears of roles and bindings by a watch of its own: waits until it answers as they are. */
async function answered(it: Rig, questions: readonly LiveObject[], allowed: boolean): Promise<void> {
  for (const question of questions) {
    await bounded(async () => {
      const { status } = value(await it.cluster.create(question, { manager: 'test' })) as {
        status?: { allowed?: boolean };
      };
      return status?.allowed === allowed ? undefined : `${JSON.stringify(question.spec)}: not ${allowed}`;
    });
  }
}

export async function live(it: Rig, apiVersion: string, kind: string, namespace: string, name: string) {
  return value(await it.cluster.get(refOf(apiVersion, kind, namespace, name)));
}

const sync = (namespace: string, url: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: root, namespace: ${namespace} }
spec: { interval: 10m, url: '${url}', ref: { branch: main } }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: root, namespace: ${namespace} }
spec: { interval: 10m, path: ./clusters/test, prune: true, sourceRef: { kind: GitRepository, name: root } }
`;

/** A child Kustomization as a file of the cluster directory. */
export const child = (name: string, more = '') => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: NAMESPACE }
spec:
  interval: 10m
  path: ./${name}
  prune: true
  targetNamespace: NAMESPACE
  sourceRef: { kind: GitRepository, name: root }
${more}`;
