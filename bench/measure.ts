/** Times, memory and tables. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One line of a table: what was measured, and beside it what it is compared with. */
export interface Row {
  readonly what: string;
  /** Milliseconds, the median of the runs. */
  readonly time: number;
  /** The most memory that was resident, in MiB; absent where it was not measured. */
  readonly memory?: number;
  /** Where throughput says more: MB/s. */
  readonly throughput?: number;
  readonly note?: string;
}

export interface Table {
  readonly title: string;
  /** The first row is ours; the others say how many times as long they take. */
  readonly rows: readonly Row[];
}

/** The median time of `runs` calls, in milliseconds. */
export function median(runs: number, work: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    work();
    times.push(performance.now() - started);
  }
  return middle(times);
}

export function middle(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Runs a program to its end: its time, and its peak memory where the system tells (Linux). */
export async function run(
  program: string,
  args: readonly string[],
  cwd = process.cwd(),
): Promise<{
  readonly time: number;
  readonly memory: number;
  readonly status: number | null;
  readonly bytes: number;
  readonly errors: string;
}> {
  const started = performance.now();
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let memory = 0;
  let bytes = 0;
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const timer = setInterval(() => {
    memory = Math.max(memory, peakOf(child.pid));
  }, 5);
  const status = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  clearInterval(timer);
  return { time: performance.now() - started, memory, status, bytes, errors };
}

/** A row of up to five runs of a program, fewer when it takes long; `args` makes the words of each run. */
export async function program(
  what: string,
  path: string,
  args: (i: number) => readonly string[],
  cwd?: string,
): Promise<Row> {
  const runs = [];
  const started = performance.now();
  for (let i = 0; i < 5 && performance.now() - started < 20_000; i++) runs.push(await run(path, args(i), cwd));
  const failed = runs.find(({ status }) => status !== 0);
  const note = failed === undefined ? `${runs[0]!.bytes} bytes` : `FAILED: ${failed.errors.trim().split('\n').pop()}`;
  return { what, time: middle(runs.map(({ time }) => time)), memory: middle(runs.map(({ memory }) => memory)), note };
}

/** The high-water mark of a process's resident memory, in MiB; 0 where the system does not tell. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The table as text: times, ratios to the first row, memory. */
export function format({ title, rows }: Table): string {
  const first = rows[0]?.time ?? Number.NaN;
  const cells = rows.map((row) => [
    row.what,
    `${row.time < 10 ? row.time.toFixed(1) : row.time.toFixed(0)} ms`,
    `${(row.time / first).toFixed(2)} ×`,
    row.throughput === undefined ? '' : `${row.throughput.toFixed(1)} MB/s`,
    row.memory === undefined ? '' : `${row.memory.toFixed(0)} MiB`,
    row.note ?? '',
  ]);
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...cells.map((line) => line[i]!.length)));
  const lines = cells.map((line) =>
    line.map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i]!))).join('  '),
  );
  return `${title}\n${lines.map((line) => `  ${line.trimEnd()}`).join('\n')}\n`;
}
