/** The server's ports onto `io`: the kubeconfig and the cluster. Loaded on first use, for the client is heavy. */
import type { SessionPorts } from './session.ts';

export const ports: SessionPorts = {
  now: () => Date.now(),
  cluster: {
    contexts: () => ({ contexts: [], files: [], problems: [] }),
    connect: (context) => ({
      ok: false,
      failure: { reason: 'unreachable', message: `There is no context ${context}.` },
    }),
  },
};
