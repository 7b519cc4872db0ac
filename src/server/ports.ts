/** The server's ports onto `io`: the kubeconfig and the cluster. */
import { homedir } from 'node:os';
import { connect } from '../io/cluster/connect.ts';
import { journalFor } from '../io/journal.ts';
import { loadKubeconfig } from '../io/kubeconfig.ts';
import type { Approval, Contexts, Settings } from '../protocol/index.ts';
import { createDoors } from './doors.ts';
import type { SessionPorts } from './session.ts';

export interface Person {
  log(message: string): void;
  /** Whether the person allows what a kubeconfig of the workspace wants to do. */
  approve(asked: Approval): Promise<boolean>;
}

export function createPorts({ log, approve }: Person): SessionPorts {
  return {
    now: () => Date.now(),
    doors: createDoors(log),
    journal: (identity) => journalFor(identity, process.env),
    pause: { plan: 400, preview: 150 },
    cluster: {
      now: () => Date.now(),
      contexts,
      connect: (context, settings, workspaces) =>
        connect({
          kubeconfig: load(settings).value!,
          context,
          // Asked only in a trusted workspace: the link says so before it comes here.
          trusted: true,
          workspaces,
          approve,
          env: process.env,
          log: { info: log, warn: log },
        }),
    },
  };
}

function load(settings: Settings) {
  const env = settings.kubeconfig === '' ? process.env : { ...process.env, KUBECONFIG: settings.kubeconfig };
  return loadKubeconfig(env, homedir());
}

function contexts(settings: Settings): Contexts {
  const { value, problems } = load(settings);
  const chosen = value?.currentContext;
  return {
    contexts: (value?.contexts ?? []).map(({ name, server, namespace, user }) => ({
      name,
      server: server ?? '',
      namespace,
      user,
    })),
    ...(chosen === undefined ? {} : { chosen }),
    files: value?.files ?? [],
    problems: problems.map((problem) => problem.message),
  };
}
