/** Before the suite: the editor is there, and the extension is packed as it ships. */
import { execFileSync } from 'node:child_process';
import { editor } from './setup.ts';

export function setup(): void {
  editor();
  if (process.env.SLUICE_E2E_PACKED === undefined)
    execFileSync('npm', ['run', '--silent', 'package'], { stdio: 'inherit' });
}
