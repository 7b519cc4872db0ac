/**
 * A fleet of one suspended Kustomization, so that kustomize-controller does not act beside Sluice, and one HelmRelease
 * with a chart of the same repository: what the tests of releases share.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createRepository, type Repository } from '../../scripts/cluster/repository.ts';
import type { LiveObject } from '../../src/engine/index.ts';
import { type Ran, type Running, sluice, startSluice } from './cli.ts';
import { type Rig, refOf } from './rig.ts';

const run = promisify(execFile);
const root = 'clusters/test';

export interface ReleaseFleet {
  readonly folder: string;
  readonly namespace: string;
  readonly repository: Repository;
  write(files: Readonly<Record<string, string>>): void;
  /** Writes the HelmRelease `app` with these values; `more` is of its spec, indented by two. */
  release(values: string, more?: string): void;
  apply(...options: string[]): Promise<Ran>;
  start(...options: string[]): Running;
  diff(): Promise<Ran>;
  resume(): Promise<Ran>;
  helm(version: 3 | 4, ...args: string[]): Promise<string>;
  /** The revisions and their states, as helm tells them: `1 superseded`. */
  history(version: 3 | 4): Promise<readonly string[]>;
  record(revision: number): Promise<{ [key: string]: unknown }>;
  /** Lets kustomize-controller follow the repository, and waits until it has applied what was pushed last. */
  followed(): Promise<void>;
  /** Has helm-controller look at the release, from now on if it did not before, and waits until it has done so (and made that revision). */
  reconciled(revision?: number): Promise<LiveObject>;
}

export interface ReleaseFleetOptions {
  readonly chart: Readonly<Record<string, string>>;
  /** Whether helm-controller has the release from its first moment; see `unsharded` of the rig. */
  readonly controller: 'watches' | 'watches not';
}

/** The record of a revision as Helm packs it into its Secret. */
export function recordIn(release: string): { [key: string]: unknown } {
  return JSON.parse(gunzipSync(Buffer.from(Buffer.from(release, 'base64').toString(), 'base64')).toString());
}

const shard = 'sharding.fluxcd.io/key';

export async function releaseFleet(it: Rig, { chart, controller }: ReleaseFleetOptions): Promise<ReleaseFleet> {
  const namespace = await it.namespace();
  const repository = await createRepository(it.layout, namespace);
  const { folder } = repository;
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  const sync = (suspend: boolean) => ({
    [`${root}/gotk-sync.yaml`]: `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: ${namespace} }
spec: { interval: 1h, url: "${repository.url}", ref: { branch: main } }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: ${namespace} }
spec:
  interval: 1h
  suspend: ${suspend}
  prune: true
  path: ./${root}
  sourceRef: { kind: GitRepository, name: flux-system }
`,
  });
  write({
    ...Object.fromEntries(Object.entries(chart).map(([path, text]) => [`charts/app/${path}`, text])),
    ...sync(true),
  });
  await repository.push('The fleet');
  // The root is there before it is applied, so that its inventory names what comes.
  await it.kubectl(['apply', '--server-side', '--field-manager=flux', '-f', join(folder, root, 'gotk-sync.yaml')]);
  const target = [folder, '--cluster', root, '--context', 'sluice-loopback'];
  const env = { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: it.layout.kubeconfig };
  const helm: ReleaseFleet['helm'] = async (version, ...args) => {
    const { stdout } = await run(it.tool(`helm${version}`), ['-n', namespace, ...args], { env });
    return stdout;
  };
  let labels = controller === 'watches' ? '' : `  labels: { ${shard}: nobody }\n`;
  const file = `${root}/release.yaml`;
  const ref = refOf('helm.toolkit.fluxcd.io/v2', 'HelmRelease', namespace, 'app');
  return {
    folder,
    namespace,
    repository,
    write,
    helm,
    release: (values, more = '') =>
      write({
        [file]: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: app
  namespace: ${namespace}
${labels}spec:
  interval: 1h
  timeout: 60s
${more}  chart:
    spec:
      chart: ./charts/app
      sourceRef: { kind: GitRepository, name: flux-system }
  values: ${values}
`,
      }),
    apply: (...options) => sluice(it.layout, ['apply', ...target, '--yes', ...options]),
    start: (...options) => startSluice(it.layout, ['apply', ...target, '--yes', ...options]),
    diff: () => sluice(it.layout, ['diff', ...target]),
    resume: () => sluice(it.layout, ['resume', 'HelmRelease/app', '-n', namespace, '--context', 'sluice-loopback']),
    async history(version) {
      const revisions = JSON.parse(await helm(version, 'history', 'app', '-o', 'json')) as {
        status: string;
        revision: number;
      }[];
      return revisions.map(({ status, revision }) => `${revision} ${status}`);
    },
    async record(revision) {
      const secret = `sh.helm.release.v1.app.v${revision}`;
      const out = await it.kubectl(['get', 'secret', '-n', namespace, secret, '-o', 'json']);
      const { data } = JSON.parse(out) as { data: { release: string } };
      return recordIn(data.release);
    },
    async followed() {
      write(sync(false));
      const commit = await repository.push('Followed');
      const marks = { 'reconcile.fluxcd.io/requestedAt': `${performance.now()}` };
      const patch = JSON.stringify({ metadata: { annotations: marks } });
      const merge = ['--type=merge', '--field-manager=flux', '-p', patch];
      await it.kubectl(['patch', 'gitrepository', 'flux-system', '-n', namespace, ...merge]);
      await it.until(
        refOf('source.toolkit.fluxcd.io/v1', 'GitRepository', namespace, 'flux-system'),
        ({ status }) => (status as { artifact?: { revision: string } }).artifact?.revision.endsWith(commit) === true,
      );
      // Only now: with the commit before, the Kustomization would suspend itself again.
      await it.kubectl([
        'apply',
        '--server-side',
        '--force-conflicts',
        '--field-manager=flux',
        '-f',
        join(folder, root, 'gotk-sync.yaml'),
      ]);
      const kustomization = refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', namespace, 'flux-system');
      await it.until(kustomization, ({ status }) => {
        const { lastAppliedRevision = '' } = status as { readonly lastAppliedRevision?: string };
        return lastAppliedRevision.endsWith(commit);
      });
    },
    async reconciled(revision) {
      write({ [file]: readFileSync(join(folder, file), 'utf8').replace(labels, '') });
      labels = '';
      const asked = `${performance.now()}`;
      const marks = { 'reconcile.fluxcd.io/requestedAt': asked };
      const patch = { metadata: { annotations: marks, labels: { [shard]: null } } };
      await it.kubectl([
        'patch',
        'hr',
        'app',
        '-n',
        namespace,
        '--type=merge',
        '--field-manager=flux',
        '-p',
        JSON.stringify(patch),
      ]);
      return it.until(ref, ({ status }) => {
        const { lastHandledReconcileAt, conditions, history } = status as {
          readonly lastHandledReconcileAt?: string;
        } & {
          readonly conditions?: readonly { readonly type: string }[];
          readonly history?: readonly { readonly version: number }[];
        };
        if (revision !== undefined && history?.[0]?.version !== revision) return false;
        return lastHandledReconcileAt === asked && conditions?.some(({ type }) => type === 'Reconciling') === false;
      });
    },
  };
}
