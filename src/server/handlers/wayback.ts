/** Pushing what was applied, and following a commit. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Handler } from '../handler.ts';
import { follow, pushPlan, pushShown } from '../wayback.ts';

export const wayback: Handler = {
  register({ on, notify, session }) {
    const request = (run: string, signal: AbortSignal) => ({
      signal,
      timer: {
        now: session.now,
        sleep: (milliseconds: number, until?: AbortSignal) =>
          pause(milliseconds, undefined, until === undefined ? {} : { signal: until }).catch(() => undefined),
      },
      progress: (message: string) => notify('sluice/progress', { run, message }),
    });
    on('sluice/pushPlan', (_, signal) => pushPlan(session, session.doors, signal));
    on('sluice/push', ({ run, shown, text, confirmed }, signal) =>
      pushShown(session, session.doors, { ...request(run, signal), shown, text, confirmed }),
    );
    on('sluice/follow', ({ run, commit }, signal) => follow(session, { ...request(run, signal), commit }));
  },
};
