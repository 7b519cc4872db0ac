/** What every test of this room needs: a kustomizer with the generated tables, trees in memory, and the real binary. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createKustomizer,
  type KustomizeRequest,
  type KustomizeResult,
  type Kustomizer,
} from '../../../src/engine/kustomize/index.ts';
import type { DirectoryEntry, FileTree, SourceFile } from '../../../src/engine/ports.ts';
import { printAll } from '../../../src/engine/yaml/print.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

export function newKustomizer(): Kustomizer {
  return createKustomizer(JSON.parse(readFileSync(join(repository, 'data/kustomize.json'), 'utf8')));
}

export const conformance = join(
  process.env.SLUICE_CONFORMANCE ?? join(repository, '../shared/conformance'),
  'kustomize',
);

/** The real kustomize, when it was built. */
export const realKustomize = [
  process.env.SLUICE_TOOLS,
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin'),
]
  .filter((folder) => folder !== undefined)
  .map((folder) => join(folder, 'kustomize'))
  .find((path) => existsSync(path));

export type Files = Readonly<Record<string, string>>;

/** A tree of files in memory; a file whose text stays the same stays the same object. */
export function memoryTree(files: Files): FileTree & { edit(path: string, text: string | undefined): void } {
  const sources = new Map<string, SourceFile>();
  const put = (path: string, text: string): void => {
    sources.set(`/${path}`, { name: path, text, bytes: new TextEncoder().encode(text) });
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
  const directory = (path: string): readonly DirectoryEntry[] | undefined => {
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const entries = new Map<string, DirectoryEntry>();
    for (const name of sources.keys()) {
      if (!name.startsWith(prefix)) continue;
      const [head = '', ...rest] = name.slice(prefix.length).split('/');
      entries.set(head, { name: head, type: rest.length > 0 ? 'directory' : 'file' });
    }
    if (entries.size === 0 && path !== '/') return undefined;
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  return {
    file: (path) => sources.get(path),
    directory,
    realPath: (path) => (sources.has(path) || directory(path) !== undefined ? path : undefined),
    edit(path, text) {
      if (text === undefined) sources.delete(`/${path}`);
      else put(path, text);
    },
  };
}

export function printResult(result: KustomizeResult): string {
  return printAll(
    result.objects.map(({ node }) => node),
    'kyaml',
  );
}

const shared = newKustomizer();

/** Builds files in memory with a kustomizer that remembers nothing of other tests' files. */
export function buildFiles(files: Files, path = '/', options: Partial<KustomizeRequest> = {}): KustomizeResult {
  return shared.build({ tree: memoryTree(files), path, ...options });
}

export type Outcome = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

/** What the real kustomize makes of the files. */
export function runReal(files: Files, path = '.', flags: readonly string[] = []): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kustomize-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return runRealIn(join(folder, path), flags);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runRealIn(folder: string, flags: readonly string[] = []): Outcome {
  try {
    const text = execFileSync(realKustomize!, ['build', '--reorder', 'none', ...flags, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
    return { ok: true, text };
  } catch (thrown) {
    return { ok: false, error: String((thrown as { stderr?: string }).stderr ?? thrown) };
  }
}
