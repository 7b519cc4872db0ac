/** `sluice`: the engine without an editor. Parses the command line, runs one command, answers with its exit code. */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { growFast } from '../io/heap.ts';
import { type Command, type ExitCode, UsageError } from './command.ts';
import { commands } from './commands/index.ts';

async function main(args: readonly string[]): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await help());
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`sluice: there is no command ${name}\n\n${await help()}`);
    return 2;
  }
  const command = await load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${usage(command)}\n${command.summary}\n`);
    return 0;
  }
  return run(command, rest);
}

async function run(command: Command, args: readonly string[]): Promise<ExitCode> {
  const abort = new AbortController();
  let listening = false;
  // One signal for every request of a command, of which many are under way at once.
  setMaxListeners(0, abort.signal);
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: command.options, allowPositionals: true });
    return await command.run({
      words: positionals,
      options: values,
      cwd: process.cwd(),
      env: process.env,
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      // Only who asks for it takes Ctrl-C over: for everything else the process just ends, in the middle of a render too.
      get signal() {
        if (!listening) process.once('SIGINT', () => abort.abort());
        listening = true;
        return abort.signal;
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const wrongWords = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`sluice ${command.name}: ${message}\n${wrongWords ? `${usage(command)}\n` : ''}`);
    return 2;
  }
}

function usage(command: Command): string {
  return `usage: sluice ${command.name} ${command.usage}`;
}

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(0, ...all.map((command) => command.name.length));
  const lines = all.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `sluice: see what an edit to a Flux fleet would do to the cluster\n\n${lines.join('\n')}\n`;
}

growFast();
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
