/** Reads what the build step generated into `data/`: beside the sources when run from them, beside the bundle when packed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = [join(__dirname, '../data'), join(__dirname, '../../data')];

/** A generated file's bytes, by name. Throws when `data/` was never made: then the installation is broken. */
export function readData(name: string): Buffer {
  for (const folder of folders) {
    try {
      return readFileSync(join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`data/${name} is missing: run "npm ci" (or "npx tsx scripts/data.ts") to generate it`);
}
