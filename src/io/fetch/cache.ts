/**
 * What was fetched, kept on disk by its content's identity (a digest, or a URL with its version): under the user's cache
 * or the extension's storage, never in the workspace, and no larger than a cap (what was used least recently goes first).
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Cache {
  /** What was kept; undefined too when its bytes are no longer those that were kept. */
  get(key: string): Promise<Buffer | undefined>;
  /** What was kept, else what `make` answers, which is kept from then on. */
  keep(key: string, make: () => Promise<Buffer>): Promise<Buffer>;
}

export interface CacheOptions {
  readonly folder: string;
  /** Bytes of all entries together. */
  readonly limit: number;
}

/** An entry begins with the digest of what follows: half a file, or one that somebody changed, is as good as none. */
const digestLength = 64;

export function createCache({ folder, limit }: CacheOptions): Cache {
  const pathOf = (key: string) => join(folder, hash(key));
  const get = async (key: string) => {
    const path = pathOf(key);
    const entry = await readFile(path).catch(() => undefined);
    if (entry === undefined) return undefined;
    const content = entry.subarray(digestLength);
    if (entry.subarray(0, digestLength).toString('latin1') !== hash(content)) {
      await rm(path, { force: true });
      return undefined;
    }
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    return content;
  };
  const set = async (key: string, content: Buffer) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = pathOf(key);
    const aside = `${path}.${randomUUID()}.new`;
    await writeFile(aside, Buffer.concat([Buffer.from(hash(content), 'latin1'), content]), { mode: 0o600 });
    await rename(aside, path);
    await trim(folder, limit);
  };
  return {
    get,
    async keep(key, make) {
      const kept = await get(key);
      if (kept !== undefined) return kept;
      const made = await make();
      // A disk that is full or read-only keeps nothing, and what was fetched is used all the same.
      await set(key, made).catch(() => {});
      return made;
    },
  };
}

function hash(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
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
