/** Opens a folder in a real VS Code with Sluice: the desktop one where `code` is on the path, else one on loopback. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Returns when the editor's window was opened, or for the one on loopback when Ctrl-C ends it. */
export async function openEditor(folder: string, kubeconfig: string | undefined): Promise<void> {
  const env = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig };
  if (spawnSync('code', ['--version'], { stdio: 'ignore' }).status === 0) {
    // As a development extension: nothing is installed into the user's editor.
    execFileSync('code', [`--extensionDevelopmentPath=${root}`, folder], {
      env: { ...process.env, ...env },
      stdio: 'inherit',
    });
    return;
  }
  execFileSync('npm', ['run', '--silent', 'package'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const { startServer, stopServer } = await import('../../test/e2e/editor.ts');
  const home = mkdtempSync(join(tmpdir(), 'sluice-demo-editor-'));
  const { server, port } = await startServer(home, { folder, env });
  console.log(`\nVS Code with Sluice: http://127.0.0.1:${port}/?folder=${encodeURI(folder)}\nCtrl-C ends it.`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  await stopServer(server);
  rmSync(home, { recursive: true, force: true });
}
