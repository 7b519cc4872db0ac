/** The example fleet on a loopback stack of the suite's own, opened in the editor; wiped at the end. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFleet } from '../../scripts/cluster/fleet.ts';
import { type Layout, stackDirectory } from '../../scripts/cluster/layout.ts';
import type { Repository } from '../../scripts/cluster/repository.ts';
import { down, kubectl, up } from '../../scripts/cluster/up.ts';
import { type Editor, startEditor } from './editor.ts';

export interface Stack {
  readonly layout: Layout;
  readonly repository: Repository;
  readonly editor: Editor;
  /** The kubeconfig of a second context, `elsewhere`, at a port of the loopback where nobody listens. */
  readonly elsewhere: string;
  /** A field of a live object, named as `deployment/apps/api`. */
  live(object: string, path: string): Promise<string>;
  stop(): Promise<void>;
}

const unreachable = `apiVersion: v1
kind: Config
contexts: [{ name: elsewhere, context: { cluster: elsewhere, user: nobody } }]
clusters: [{ name: elsewhere, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: nobody, user: { token: t0ken } }]
`;

/** `prepare` does what has to be there before the editor starts, and answers more of its environment. */
export async function startStack(
  prepare: (layout: Layout) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<Stack> {
  const tools = fileURLToPath(new URL('../../scripts/tools.ts', import.meta.url));
  const built = spawnSync('npx', ['tsx', tools, '--for', 'cluster'], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the tools of the cluster could not be built; Go 1.26 or newer is needed');
  const layout = await up({ dir: `${stackDirectory()}-e2e`, part: 'full' });
  const repository = await installFleet(layout);
  const ready = ['wait', '--for=condition=Ready', '--timeout=90s', '-n', 'flux-system'];
  await kubectl(layout, [...ready, 'gitrepository/flux-system']);
  await kubectl(layout, [...ready, 'kustomization/flux-system']);
  await kubectl(layout, [...ready, 'kustomization/infrastructure', 'kustomization/apps']);
  const elsewhere = layout.file('elsewhere.kubeconfig');
  writeFileSync(elsewhere, unreachable);
  const KUBECONFIG = [layout.kubeconfig, elsewhere].join(delimiter);
  // Sluice commits as the person does, and this home has nobody in it.
  const author = { GIT_AUTHOR_NAME: 'Test', GIT_AUTHOR_EMAIL: 'test@example.com' };
  const committer = { GIT_COMMITTER_NAME: 'Test', GIT_COMMITTER_EMAIL: 'test@example.com' };
  const env = { KUBECONFIG, ...author, ...committer, ...(await prepare(layout)) };
  const editor = await startEditor({ folder: repository.folder, env });
  return {
    layout,
    repository,
    editor,
    elsewhere,
    async live(object, path) {
      const [kind, namespace, name] = object.split('/') as [string, string, string];
      return await kubectl(layout, ['get', kind, '-n', namespace, name, '-o', `jsonpath={${path}}`]);
    },
    async stop() {
      await editor.stop();
      await down(layout);
      rmSync(layout.dir, { recursive: true, force: true });
    },
  };
}
