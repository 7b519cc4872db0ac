/**
 * Ends this process when its only thread has not come round for a long time. Every room has a budget, so it should never
 * happen; if it does, the client starts a fresh server, and the editor is not left with one that answers nothing. The
 * thread that watches is a worker, because a blocked thread cannot watch itself.
 */
import { Worker } from 'node:worker_threads';

export interface Watchdog {
  stop(): void;
}

export interface WatchdogOptions {
  /** Longest time in which nothing else may happen, in milliseconds. */
  readonly patience: number;
}

/** What the worker runs: the beat is a counter that both share; standing still for too long ends the process. */
const program = `
const { workerData } = require('node:worker_threads');
const beat = new Int32Array(workerData.beat);
let last = Atomics.load(beat, 0);
let still = 0;
setInterval(() => {
  const now = Atomics.load(beat, 0);
  still = now === last ? still + workerData.step : 0;
  last = now;
  if (still > workerData.patience) process.kill(process.pid, 'SIGKILL');
}, workerData.step);
`;

export function watchMainThread({ patience }: WatchdogOptions): Watchdog {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  const step = Math.max(50, Math.floor(patience / 10));
  const timer = setInterval(() => Atomics.add(beat, 0, 1), step).unref();
  const worker = new Worker(program, { eval: true, workerData: { beat: beat.buffer, patience, step } });
  worker.unref();
  return {
    stop() {
      clearInterval(timer);
      void worker.terminate();
    },
  };
}
