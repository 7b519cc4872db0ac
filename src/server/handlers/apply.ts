/** Applies the current plan. */
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { applyCurrent } from '../apply.ts';
import type { Handler } from '../handler.ts';

export const apply: Handler = {
  register({ on, notify, session }) {
    on('sluice/apply', ({ plan, entries, run, confirmed }, signal) =>
      applyCurrent(session, session.doors, {
        plan,
        entries,
        ...(confirmed === undefined ? {} : { confirmed }),
        signal,
        by: userInfo().username,
        timer: {
          now: session.now,
          sleep: (milliseconds, until) =>
            pause(milliseconds, undefined, until === undefined ? {} : { signal: until }).catch(() => undefined),
        },
        step: (step) => notify('sluice/applyStep', { run, step }),
        progress: (message, done, total) => notify('sluice/progress', { run, message, done, total }),
      }),
    );
  },
};
