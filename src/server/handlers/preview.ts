/** Previews and live objects as documents, and the line that declares an object. */
import type { Handler } from '../handler.ts';
import { previewOf } from '../previews.ts';
import { releasePreview } from '../releases.ts';
import { virtualUri } from '../virtual.ts';

export const preview: Handler = {
  register({ on, notify, session }) {
    on('sluice/preview', ({ of }, signal) =>
      of.kind === 'release' ? releasePreview(session, session.doors, of, signal) : previewOf(session, of),
    );
    on('sluice/live', ({ object }) => ({
      uri: virtualUri({ of: 'live', object }, `live ${object.kind} ${object.name}`),
    }));
    on('sluice/declaration', async ({ object }, signal) => session.declaration(object, signal));
    session.onRendered((queries) => notify('sluice/documentsChanged', { queries }));
  },
};
