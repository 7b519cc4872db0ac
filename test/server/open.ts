/** A folder of files on disk, open in a session with no cluster; closed and removed after the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Start } from '../../src/protocol/index.ts';
import { createDoors } from '../../src/server/doors.ts';
import { createSession, type Session } from '../../src/server/session.ts';

export interface Opened {
  readonly session: Session;
  readonly folder: string;
  /** Where the extension keeps what it fetched. */
  readonly storage: string;
  uri(path: string): string;
}

export function openFolder(files: Readonly<Record<string, string>>, start: Partial<Start> = {}): Opened {
  const parent = mkdtempSync(join(tmpdir(), 'sluice-session-'));
  const folder = join(parent, 'fleet');
  const storage = join(parent, 'storage');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const session = createSession(
    {
      cluster: {
        now: () => 0,
        contexts: () => ({ contexts: [], files: [], problems: [] }),
        connect: () => ({ ok: false, failure: { reason: 'unreachable', message: 'no cluster' } }),
      },
      doors: createDoors(),
      journal: () => ({ left: () => [], begin() {}, write() {}, close() {} }),
      pause: { plan: 20, preview: 20 },
      now: () => 0,
    },
    { settings: { kubeconfig: '' }, trusted: true, storage, ...start },
  );
  session.files.setFolders([pathToFileURL(folder).href]);
  onTestFinished(() => {
    session.dispose();
    rmSync(parent, { recursive: true, force: true });
  });
  return { session, folder, storage, uri: (path) => pathToFileURL(join(folder, path)).href };
}
