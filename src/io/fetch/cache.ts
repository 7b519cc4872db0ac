/**
 * What was fetched, kept on disk by its content's identity (a digest, or a URL with its version): under the user's cache
 * or the extension's storage, never in the workspace, and no larger than a cap (what was used least recently goes first).
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Cache {
  get(key: string): Promise<Buffer | undefined>;
  set(key: string, content: Buffer): Promise<void>;
}

export interface CacheOptions {
  readonly folder: string;
  /** Bytes of all entries together. */
  readonly limit: number;
}

export function createCache({ folder, limit }: CacheOptions): Cache {
  const pathOf = (key: string) => join(folder, createHash('sha256').update(key).digest('hex'));
  return {
    async get(key) {
      try {
        const path = pathOf(key);
        const content = await readFile(path);
        const now = new Date();
        await utimes(path, now, now).catch(() => {});
        return content;
      } catch {
        return undefined;
      }
    },
    async set(key, content) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(key);
      const aside = `${path}.${process.pid}.new`;
      await writeFile(aside, content, { mode: 0o600 });
      await rename(aside, path);
      await trim(folder, limit);
    },
  };
}

async function trim(folder: string, limit: number): Promise<void> {
  // A folder is somebody's place of work, and theirs to remove.
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  const entries = await Promise.all(
    files.map(async ({ name }) => {
      const { size, mtimeMs } = await stat(join(folder, name)).catch(() => ({ size: 0, mtimeMs: 0 }));
      return { path: join(folder, name), size, used: mtimeMs };
    }),
  );
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    await rm(path, { force: true });
    total -= size;
  }
}
