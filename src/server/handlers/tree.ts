/** The tree of the cluster, and the news of its watches. */
import type { Handler } from '../handler.ts';
import { childrenOf, closed, fluxObjects, nodesOf, roots } from '../tree/tree.ts';

export const tree: Handler = {
  register({ on, notify, connection, session: { link } }) {
    on('sluice/children', async ({ id }) => {
      const linked = await link.linked();
      if (linked === undefined) return [];
      return id === undefined ? roots(linked) : childrenOf(linked, id);
    });
    on('sluice/fluxObjects', async () => {
      const linked = await link.linked();
      return linked === undefined ? [] : fluxObjects(linked);
    });
    connection.onNotification('sluice/collapsed', async ({ id }: { id: string }) => {
      const linked = await link.linked();
      if (linked !== undefined) closed(linked, id);
    });
    link.onLive((watches) => notify('sluice/treeChanged', { ids: nodesOf(watches) }));
  },
};
