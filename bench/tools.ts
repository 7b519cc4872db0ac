/** The real tools, where `npm run tools -- --for bench` put them. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The path of a tool; undefined when it was not built. */
export function tool(name: string): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const path = join(process.env.SLUICE_TOOLS ?? join(cache, 'sluice', 'bin'), name);
  return existsSync(path) ? path : undefined;
}

/** Our own command line, as built by `npm run build`. */
export const cli = join(__dirname, 'cli.js');
