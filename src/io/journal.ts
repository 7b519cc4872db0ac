/**
 * What an apply did, line by line as it happens, so that after a crash one can tell. One file for each cluster, in the
 * user's state directory, readable by that user only; it holds names and outcomes, never content. Gone when all is well.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ApplyEvent } from '../engine/index.ts';

export interface Journal {
  /** The events of the last apply to this cluster, if it was never closed. */
  left(): readonly ApplyEvent[];
  begin(): void;
  write(event: ApplyEvent): void;
  /** The apply came to its end. */
  close(): void;
}

/** `identity` tells clusters apart; it only names the file. */
export function journalFor(identity: string, env: Readonly<Record<string, string | undefined>>): Journal {
  const state = env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state');
  const dir = join(state, 'sluice', 'applies');
  const file = join(dir, `${createHash('sha256').update(identity).digest('hex').slice(0, 24)}.jsonl`);
  return {
    left: () => read(file),
    begin() {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFileSync(file, '', { mode: 0o600 });
    },
    write: (event) => appendFileSync(file, `${JSON.stringify(event)}\n`),
    close: () => rmSync(file, { force: true }),
  };
}

/** A last line that the crash cut off is left out. */
function read(file: string): readonly ApplyEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as ApplyEvent];
    } catch {
      return [];
    }
  });
}
