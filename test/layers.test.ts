/**
 * The house's one law: imports point upstream only. A table says who may import whom; a room that is not in it is an
 * error; the pure rooms may not touch vscode, Node, the clock or dice.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Room → the rooms that it may import. Inside the engine, `*` below means any of these. */
const rooms: Record<string, readonly string[]> = {
  'engine/ports.ts': ['engine/yaml'],
  'engine/problem.ts': ['engine/yaml'],
  'engine/yaml': ['engine/problem.ts'],
  'engine/objects': ['engine/yaml', 'engine/problem.ts'],
  'engine/schema': ['engine/objects', 'engine/yaml', 'engine/problem.ts'],
  'engine/go': [],
  'engine/kustomize': ['engine/go', 'engine/objects', 'engine/yaml', 'engine/problem.ts', 'engine/ports.ts'],
  'engine/gotemplate': ['engine/go', 'engine/problem.ts', 'engine/ports.ts', 'engine/yaml'],
  'engine/helm': [
    'engine/go',
    'engine/gotemplate',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/flux': ['engine/objects', 'engine/yaml', 'engine/problem.ts'],
  'engine/sources': [
    'engine/go',
    'engine/flux',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/workspace': [
    'engine/go',
    'engine/sources',
    'engine/flux',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/render': [
    'engine/go',
    'engine/workspace',
    'engine/sources',
    'engine/helm',
    'engine/gotemplate',
    'engine/kustomize',
    'engine/flux',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/status': ['engine/objects', 'engine/yaml', 'engine/problem.ts'],
  'engine/release': [
    'engine/status',
    'engine/render',
    'engine/helm',
    'engine/go',
    'engine/objects',
    'engine/yaml',
    'engine/ports.ts',
  ],
  'engine/plan': [
    'engine/release',
    'engine/status',
    'engine/render',
    'engine/flux',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/apply': [
    'engine/plan',
    'engine/release',
    'engine/status',
    'engine/render',
    'engine/flux',
    'engine/objects',
    'engine/yaml',
    'engine/problem.ts',
    'engine/ports.ts',
  ],
  'engine/index.ts': ['*'],
  language: ['engine/index.ts'],
  protocol: [],
  io: ['engine/index.ts'],
  server: ['engine/index.ts', 'language', 'io', 'protocol'],
  cli: ['engine/index.ts', 'language', 'io'],
  extension: ['protocol'],
};

/** Packages that a pure room may use: they compute and touch nothing. */
const purePackages = [
  'yaml',
  're2js',
  'semver',
  '@bufbuild/cel',
  'modern-tar',
  'age-encryption',
  '@noble/hashes',
  '@noble/ciphers',
  '@noble/curves',
  'fflate',
];
const pure = ['engine', 'language', 'protocol'];
const impure =
  /\bDate\.now\(|new Date\(\)|Math\.random\(|\bprocess\.|performance\.now\(|\bfetch\(|crypto\.(getRandomValues|randomUUID)/;

const src = join(dirname(new URL(import.meta.url).pathname), '../src');

function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
}

function roomOf(path: string): string | undefined {
  return Object.keys(rooms).find((room) => path === room || path.startsWith(`${room}/`));
}

const imports =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g;

test('imports point upstream only', () => {
  const wrong: string[] = [];
  for (const file of files(src)) {
    const path = relative(src, file).replaceAll('\\', '/');
    const room = roomOf(path);
    if (room === undefined) {
      wrong.push(`${path}: no room of that name`);
      continue;
    }
    const text = readFileSync(file, 'utf8');
    const isPure = pure.some((p) => path.startsWith(`${p}/`));
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (isPure && impure.test(code)) wrong.push(`${path}: a pure room reads the clock, dice, network or process`);
    for (const match of text.matchAll(imports)) {
      const target = (match[1] ?? match[2] ?? match[3])!;
      if (!target.startsWith('.')) {
        const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0]!;
        if (isPure && !purePackages.includes(name)) wrong.push(`${path}: a pure room imports ${target}`);
        if (target === 'vscode' && room !== 'extension') wrong.push(`${path}: only the extension imports vscode`);
        continue;
      }
      const to = roomOf(posix.join(posix.dirname(path), target));
      const allowed = rooms[room]!;
      if (to === undefined) wrong.push(`${path}: imports ${target}, which is in no room`);
      else if (to !== room && !allowed.includes(to) && !(allowed.includes('*') && to.startsWith('engine/'))) {
        wrong.push(`${path}: ${room} may not import ${to}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
