/** Fetching charts: asked for by a person, canceled as any request. */
import type { Handler } from '../handler.ts';

export const fetchCharts: Handler = {
  register({ on, notify, session }) {
    on('sluice/fetchCharts', ({ run }, signal) =>
      session.fetchCharts((message) => notify('sluice/progress', { run, message }), signal),
    );
  },
};
