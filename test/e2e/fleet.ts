/** A copy of the example fleet in a Git repository of its own, so that a story may edit it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Fleet {
  readonly folder: string;
  remove(): void;
}

export function copyFleet(): Fleet {
  const parent = mkdtempSync(join(tmpdir(), 'sluice-fleet-'));
  const folder = join(parent, 'my-fleet');
  cpSync(join(import.meta.dirname, '../../examples/my-fleet'), folder, { recursive: true });
  const git = (...args: string[]): void => void execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', 'https://git.example.com/acme/my-fleet.git');
  git('add', '.');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'The fleet');
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}
