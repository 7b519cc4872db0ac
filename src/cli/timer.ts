/** The clock of a command. */
import type { Timer } from '../engine/index.ts';

export const timer: Timer = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(handle);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const handle = setTimeout(done, milliseconds);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
