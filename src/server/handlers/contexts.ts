/** The context of this window: what there is to choose from, the choice, and how the connection is. */
import type { Handler } from '../handler.ts';

export const contexts: Handler = {
  register({ on, notify, session: { link, doors, planner, renew } }) {
    on('sluice/contexts', () => link.contexts());
    on('sluice/chooseContext', ({ context }) => link.choose(context));
    on('sluice/clusterState', () => link.state());
    on('sluice/refresh', async () => {
      doors.retry?.();
      const state = await link.refresh();
      renew();
      void planner.renew();
      return state;
    });
    let before = link.state();
    link.onState((state) => {
      notify('sluice/clusterChanged', state);
      // A connection that is lost or found again changes the nodes, not which tree it is.
      if (state.state !== 'lost' && before.state !== 'lost') notify('sluice/treeChanged', {});
      before = state;
    });
  },
};
