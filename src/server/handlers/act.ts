/** Reconcile, suspend, resume. */
import { act as actOn } from '../act.ts';
import type { Handler } from '../handler.ts';

export const act: Handler = {
  register({ on, notify, session }) {
    on('sluice/act', async ({ action, object, run, confirmed }, signal) => {
      const linked = await session.link.linked();
      if (linked === undefined) return { ok: false, message: session.link.state().message };
      const refused = session.link.barred(confirmed);
      if (refused !== undefined) return { ok: false, warning: true, message: refused };
      return await actOn(linked, action, object, {
        now: () => new Date(session.now()).toISOString(),
        signal,
        progress: (message) => notify('sluice/progress', { run, message }),
      });
    });
  },
};
