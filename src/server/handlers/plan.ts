/** The plan: made on request, told again when it was made anew. */
import type { Handler } from '../handler.ts';

export const plan: Handler = {
  register({ on, notify, session: { planner } }) {
    on('sluice/plan', ({ against, scope, cluster, run }, signal) =>
      planner.make(
        {
          against,
          ...(scope === undefined ? {} : { scope }),
          ...(cluster === undefined ? {} : { cluster }),
          progress: (message) => notify('sluice/progress', { run, message }),
        },
        signal,
      ),
    );
    on('sluice/reveal', ({ plan, entry }, signal) => planner.reveal(plan, entry, signal));
    on('sluice/forgetPlan', () => {
      planner.forget();
      return null;
    });
    planner.onChange((view, queries) => {
      notify('sluice/planChanged', view);
      notify('sluice/documentsChanged', { queries });
    });
  },
};
