/** Reconcile, suspend, resume; what an apply suspended in another cluster is resumed there. */
import { userInfo } from 'node:os';
import { act as actOn } from '../act.ts';
import type { Handler } from '../handler.ts';
import { createStore } from '../store.ts';

export const act: Handler = {
  register({ on, notify, session }) {
    on('sluice/act', async ({ action, object, run, confirmed }, signal) => {
      const linked = await session.link.linked();
      if (linked === undefined) return { ok: false, message: session.link.state().message };
      const { cluster: server, ...name } = object;
      const refused = session.link.barred(confirmed, server === undefined ? [] : [server]);
      if (refused !== undefined) return { ok: false, warning: true, message: refused };
      const options = {
        now: () => new Date(session.now()).toISOString(),
        by: userInfo().username,
        signal,
        progress: (message: string) => notify('sluice/progress', { run, message }),
      };
      if (server === undefined) return await actOn(linked, action, name, options);
      const cluster = await session.left.elsewhere(server);
      if (cluster === undefined) {
        void session.left.lookElsewhere();
        return { ok: false, message: `Nothing that is suspended is found in ${server}, if it can be reached at all.` };
      }
      const watching = new AbortController();
      try {
        const store = createStore(cluster, AbortSignal.any([watching.signal, linked.signal]), () => undefined);
        return await actOn({ cluster, store }, action, name, options);
      } finally {
        watching.abort();
        await session.left.lookElsewhere();
      }
    });
  },
};
