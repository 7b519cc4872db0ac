/** What applies have left behind: told on request and when it changes. */
import type { Handler } from '../handler.ts';

export const left: Handler = {
  register({ on, notify, session }) {
    on('sluice/left', () => session.left.now());
    on('sluice/forgetUnfinished', async () => {
      await session.left.forget();
      return null;
    });
    session.left.onChange((now) => notify('sluice/leftChanged', now));
  },
};
