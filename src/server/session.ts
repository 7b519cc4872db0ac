/** All that lives in one window: the open files, the chosen cluster, the current plan. `main.ts` makes it, tests too. */
import type { Start } from '../protocol/index.ts';
import { createFiles, type Files } from './files.ts';
import { createLink, type Link, type LinkPorts } from './link.ts';

export interface Session {
  readonly files: Files;
  readonly link: Link;
  /** Milliseconds since the epoch. */
  now(): number;
  dispose(): void;
}

export interface SessionPorts {
  readonly cluster: LinkPorts;
  now(): number;
}

export function createSession(ports: SessionPorts, start: Start): Session {
  const files = createFiles();
  const link = createLink({
    ports: ports.cluster,
    settings: start.settings,
    trusted: start.trusted,
    ...(start.context === undefined ? {} : { chosen: start.context }),
  });
  return { files, link, now: ports.now, dispose: () => link.dispose() };
}
