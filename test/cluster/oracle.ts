/**
 * The Go libraries behind kustomize-controller's build, as a program (test/oracle/kustomization). `npm run tools --
 * kustomization-oracle` builds it into the user's cache; tests that need it skip without.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Files } from '../engine/render/check.ts';

const program = join(
  process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin'),
  'kustomization-oracle',
);

export const hasOracle = existsSync(program);

/** Added to a test's name, so that a skipped one says why. */
export const without = hasOracle ? '' : ` (skipped: no ${program})`;

export interface Answer {
  readonly output: string;
  readonly error?: string;
}

export interface BuildQuestion {
  readonly files: Files;
  readonly path: string;
  readonly kustomization: object;
  /** The cluster's ConfigMaps and Secrets. */
  readonly inputs: readonly object[];
  readonly strict: boolean;
}

export interface TextQuestion {
  readonly text: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly strict: boolean;
}

/** One answer for each build, in order; every one has a directory of its own, for the library writes into it. */
export function askBuilds(questions: readonly BuildQuestion[]): readonly Answer[] {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-oracle-'));
  try {
    return ask(
      questions.map(({ files, ...question }, i) => {
        const root = join(scratch, String(i));
        for (const [path, text] of Object.entries(files)) {
          mkdirSync(dirname(join(root, path)), { recursive: true });
          writeFileSync(join(root, path), text);
        }
        return { root, ...question };
      }),
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

export function askTexts(questions: readonly TextQuestion[]): readonly Answer[] {
  return ask(questions);
}

function ask(requests: readonly object[]): readonly Answer[] {
  const input = requests.map((request) => JSON.stringify(request)).join('\n');
  const run = spawnSync(program, [], { input, maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`kustomization-oracle failed: ${run.stderr}`);
  const lines = run.stdout.toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}
