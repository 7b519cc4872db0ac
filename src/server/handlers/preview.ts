/** Previews and live objects as documents, and the line that declares an object. */
import { inClusters } from '../as-cluster.ts';
import type { Handler } from '../handler.ts';
import { previewOf } from '../previews.ts';
import { asRelease, releasePreview } from '../releases.ts';
import { virtualUri } from '../virtual.ts';

export const preview: Handler = {
  register({ on, notify, session }) {
    on('sluice/preview', async ({ of }, signal) => {
      if (of.kind === 'release') return await releasePreview(session, session.doors, of, signal);
      const release = asRelease(session, of);
      const found = release && (await releasePreview(session, session.doors, release, signal));
      // A release that no cluster directory renders may still be declared in a file.
      if (found !== undefined && found.message === undefined) return found;
      return await inClusters(session, previewOf(session, of), signal);
    });
    on('sluice/live', ({ object }) => ({
      uri: virtualUri({ of: 'live', object }, `live ${object.kind} ${object.name}`),
    }));
    on('sluice/declaration', async ({ object }, signal) => session.declaration(object, signal));
    session.onRendered((queries) => notify('sluice/documentsChanged', { queries }));
  },
};
