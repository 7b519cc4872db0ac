/**
 * Real fleets, judged by the real `flux build kustomization --dry-run`: every Flux Kustomization that a file declares or
 * that a build puts out, byte for byte. Fleets are other people's work and are never kept here: set SLUICE_FLEETS to a
 * folder that holds one checkout in each subfolder. What flux answered is kept beside the tools, by content.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  buildLikeFlux,
  createKustomizer,
  idOf,
  joinPath,
  type Kustomizer,
  keyOf,
  type Mapping,
  openWorkspace,
  print,
  toJson,
} from '../../../src/engine/index.ts';
import { diskTree, snapshot } from '../../../src/io/disk.ts';

const fleets = process.env.SLUICE_FLEETS;
const caches = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice');
const flux = join(process.env.SLUICE_TOOLS ?? join(caches, 'bin'), 'flux');
const data = new URL('../../../data/kustomize.json', import.meta.url);
const run = promisify(execFile);

const missing = fleets === undefined ? 'SLUICE_FLEETS is not set' : existsSync(flux) ? undefined : `no ${flux}`;
/** flux's file system in memory takes no other characters in a path. */
const names = missing === undefined ? readdirSync(fleets!).filter((name) => /^[\w.-]+$/.test(name)) : [];

test.skipIf(missing !== undefined)(
  `flux is the judge${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {},
);

for (const name of names) {
  test(name, { timeout: 1_800_000 }, async () => {
    const folder = join(fleets!, name);
    const kustomizer = createKustomizer(JSON.parse(readFileSync(data, 'utf8')));
    const queue = declared(folder);
    const seen = new Set(queue.map((one) => print(one, 'sigs')));
    const wrong: string[] = [];
    const counts = { equal: 0, refused: 0, objects: 0, strict: 0 };
    for (let at = 0; at < queue.length; at++) {
      const object = queue[at]!;
      const ours = build(kustomizer, folder, object);
      for (const child of ours.children) {
        const text = print(child, 'sigs');
        if (!seen.has(text)) queue.push(child);
        seen.add(text);
      }
      const theirs = await oracle(folder, object, 'lenient');
      if (ours.text === theirs.text) {
        counts.objects += ours.objects;
        counts[theirs.text === undefined ? 'refused' : 'equal']++;
      } else wrong.push(`${keyOf(idOf(object))}: ${difference(ours, theirs)}`);
      if (!print(object, 'sigs').includes('postBuild:')) continue;
      const strictly = build(kustomizer, folder, object, 'strict');
      const judged = await oracle(folder, object, 'strict');
      counts.strict++;
      if (strictly.text !== judged.text)
        wrong.push(`${keyOf(idOf(object))}, strictly: ${difference(strictly, judged)}`);
    }
    console.log(
      `${name}: ${queue.length} builds, ${counts.equal} byte-equal (${counts.objects} objects), ` +
        `${counts.refused} refused by both, ${counts.strict} also strictly, ${wrong.length} different`,
    );
    expect(wrong.slice(0, 10)).toEqual([]);
  });
}

function declared(folder: string): Mapping[] {
  const workspace = openWorkspace(snapshot(diskTree(folder)), { remotes: [] });
  return workspace.objects.filter((object) => isFlux(object.node)).map((object) => object.node);
}

function isFlux(node: Mapping): boolean {
  const { group, kind, name } = idOf(node);
  return group === 'kustomize.toolkit.fluxcd.io' && kind === 'Kustomization' && name !== '';
}

interface Ours {
  readonly text: string | undefined;
  readonly error?: string;
  readonly objects: number;
  readonly children: readonly Mapping[];
}

type Mode = 'strict' | 'lenient';

function build(kustomizer: Kustomizer, folder: string, object: Mapping, substitution: Mode = 'lenient'): Ours {
  const tree = snapshot(diskTree('/'));
  const path = tree.realPath(joinPath(folder, specPath(object)));
  if (path === undefined) return { text: undefined, objects: 0, children: [] };
  const result = buildLikeFlux({ kustomizer, tree, path, object, substitution, textOf: () => undefined });
  if (!result.complete) {
    const error = result.problems.find((problem) => problem.severity === 'error')?.message ?? '';
    return { text: undefined, error, objects: 0, children: [] };
  }
  const children = result.objects.map((one) => one.node).filter(isFlux);
  return { text: result.text, objects: result.objects.length, children };
}

function specPath(object: Mapping): string {
  const spec = toJson(object, 'sigs') as { spec?: { path?: string } };
  return String(spec.spec?.path ?? './');
}

async function oracle(
  folder: string,
  object: Mapping,
  mode: Mode,
): Promise<{ text: string | undefined; error?: string }> {
  const file = print(object, 'sigs');
  const { name, namespace } = idOf(object);
  const key = createHash('sha256')
    .update(JSON.stringify([folder, file, ...(mode === 'strict' ? [mode] : [])]))
    .digest('hex');
  const cached = join(caches, 'oracle-fleets', `${key}.json`);
  if (existsSync(cached)) return JSON.parse(readFileSync(cached, 'utf8'));
  mkdirSync(join(caches, 'oracle-fleets'), { recursive: true });
  const input = join(caches, 'oracle-fleets', `${key}.yaml`);
  writeFileSync(input, file);
  const path = joinPath(folder, specPath(object));
  const words = ['build', 'kustomization', name, '--path', path, '--kustomization-file', input, '--dry-run'];
  const strict = mode === 'strict' ? ['--strict-substitute'] : [];
  const more = ['--in-memory-build', ...strict, ...(namespace === '' ? [] : ['-n', namespace])];
  const answer = await run(flux, [...words, ...more], { cwd: folder, maxBuffer: 1 << 28 }).then(
    ({ stdout }) => ({ text: stdout }),
    (fault: { stderr: string }) => ({ text: undefined, error: fault.stderr }),
  );
  writeFileSync(cached, JSON.stringify(answer));
  return answer;
}

function difference(ours: Ours, theirs: { text?: string | undefined; error?: string }): string {
  if (ours.text === undefined) return `we refuse: ${ours.error}`;
  if (theirs.text === undefined) return `flux refuses: ${theirs.error}`;
  const [a, b] = [ours.text.split('\n'), theirs.text.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  return `line ${at + 1}: ${JSON.stringify(a.slice(at, at + 3))} instead of ${JSON.stringify(b.slice(at, at + 3))}`;
}
