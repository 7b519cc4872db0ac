/**
 * `npm run package`: the `.vsix`, without a network. Everything is in the bundles, so no dependency is packed; their
 * notices stand in `data/NOTICE`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
const out = `${name}-${version}.vsix`;

const run = (...args: string[]): void => {
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
};

run(join(root, 'node_modules/tsx/dist/cli.mjs'), 'scripts/build.ts', '--minify');
run(
  join(root, 'node_modules/@vscode/vsce/vsce'),
  'package',
  '--no-dependencies',
  '--allow-missing-repository',
  '--no-rewrite-relative-links',
  '--out',
  out,
);
console.log(`${out}: ${(statSync(join(root, out)).size / 1024 / 1024).toFixed(2)} MiB`);
