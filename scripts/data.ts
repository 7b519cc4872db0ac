/**
 * Makes `data/`: what others publish and Sluice needs (schemas, tables), generated from pinned Go modules. Runs at
 * `npm ci` (the `prepare` script), so that everything after it works without a network. The repository holds the pins
 * and the recipes, never the copies; each module's checksum must match its pin.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { recipes } from './data/index.ts';
import type { Module, Recipe } from './data/recipe.ts';

const out = fileURLToPath(new URL('../data/', import.meta.url));

/** Downloads a module with the Go client and answers its folder; a checksum other than the pin's ends the build. */
function download(module: Module): string {
  // Outside any module, so that no go.mod is asked; a module that wants a newer Go is still stored, with an error said.
  const text = run('go', ['mod', 'download', '-json', `${module.path}@${module.version}`]);
  const answer = JSON.parse(text) as { Sum?: string; Dir?: string; Zip?: string; Error?: string };
  if (answer.Sum !== module.sum) {
    throw new Error(`${module.path}@${module.version}: checksum ${answer.Sum ?? answer.Error}, pinned ${module.sum}`);
  }
  if (answer.Dir !== undefined) return answer.Dir;
  const dir = join(out, '.unzipped', `${module.path.replaceAll('/', '_')}@${module.version}`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(unzipSync(readFileSync(answer.Zip!)))) {
    mkdirSync(join(dir, dirname(name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return join(dir, `${module.path}@${module.version}`);
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', cwd: tmpdir(), stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: string };
    if (code === 'ENOENT')
      throw new Error('Go is needed once, to generate data/: install Go 1.26 or newer and run npm ci again');
    if (stdout) return stdout;
    throw error;
  }
}

async function make(recipe: Recipe): Promise<void> {
  const stamp = join(out, `${recipe.name}.stamp`);
  const wanted = JSON.stringify({ revision: recipe.revision, modules: recipe.modules });
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const files = await recipe.make(recipe.modules.map(download));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(out, name), content);
  writeFileSync(stamp, wanted);
  console.error(`data: ${recipe.name}: ${Object.keys(files).join(', ')}`);
}

mkdirSync(out, { recursive: true });
for (const recipe of recipes) await make(recipe);
rmSync(join(out, '.unzipped'), { recursive: true, force: true });
// The licence notices of what the recipes copied, in one file for the package.
const notices = readdirSync(out).filter((name) => name.endsWith('.notice'));
const divider = `\n${'-'.repeat(80)}\n\n`;
writeFileSync(join(out, 'NOTICE'), notices.map((name) => readFileSync(join(out, name), 'utf8')).join(divider));
