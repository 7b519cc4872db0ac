/** Runs a command in this process and answers what it printed. */
import { parseArgs } from 'node:util';
import type { Command, ExitCode } from '../../src/cli/command.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function invoke(
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { values, positionals } = parseArgs({ args: [...args], options: command.options, allowPositionals: true });
  let [out, err] = ['', ''];
  const code = await command.run({
    words: positionals,
    options: values,
    cwd: process.cwd(),
    env: { HOME: '/nowhere', ...env },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}
