/**
 * `npm run package`: the `.vsix`, without a network. Everything is in the bundles, so no dependency is packed; the
 * licences of those that are bundled go along in `dist/NOTICE`, those of the generated data in `data/NOTICE`.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
const out = `${name}-${version}.vsix`;

const run = (...args: string[]): void => {
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
};

run(join(root, 'node_modules/tsx/dist/cli.mjs'), 'scripts/build.ts', '--minify');
writeFileSync(join(root, 'dist/NOTICE'), notices(['extension', 'languageclient', 'server', 'openpgp']));
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

/** The licences of every package that a bundle holds, as its source map tells. */
function notices(bundles: readonly string[]): string {
  const packages = new Set<string>();
  for (const bundle of bundles) {
    const map = JSON.parse(readFileSync(join(root, `dist/${bundle}.js.map`), 'utf8')) as { sources: string[] };
    for (const source of map.sources) {
      const found = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source);
      if (found !== null) packages.add(found[0].replace(/^(\.\.\/)+/, ''));
    }
  }
  return [...packages].sort().map(notice).join('\n');
}

function notice(folder: string): string {
  const path = join(root, folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Record<string, string>;
  const texts = readdirSync(path).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const head = `${manifest.name} ${manifest.version} (${manifest.license})`;
  const body = texts.map((file) => readFileSync(join(path, file), 'utf8').trim()).join('\n\n');
  return `${'='.repeat(80)}\n${head}\n${'='.repeat(80)}\n${body}\n`;
}
