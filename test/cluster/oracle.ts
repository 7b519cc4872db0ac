/**
 * The Go libraries behind kustomize-controller's build, as a program (test/oracle/kustomization). `npm run tools --
 * kustomization-oracle` builds it into the user's cache; tests that need it skip without.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Files } from '../engine/render/check.ts';
import { oracle } from '../oracle/ask.ts';

const { present, without, ask } = oracle('kustomization-oracle');

export { present as hasOracle, without };

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
