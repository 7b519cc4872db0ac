/** The language-server process: makes the ports, the connection and the session, and lets each handler register. */
import inspector from 'node:inspector';
import {
  type CancellationToken,
  createConnection,
  ProposedFeatures,
  type ServerCapabilities,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { growFast } from '../io/heap.ts';
import type { Settings, Start } from '../protocol/index.ts';
import type { Server } from './handler.ts';
import { handlers } from './handlers/index.ts';
import { createPorts } from './ports.ts';
import { createSession, type Session } from './session.ts';
import { watchMainThread } from './watchdog.ts';

growFast();
const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
// Far above what any budget allows, and not while a debugger holds the thread.
if (inspector.url() === undefined) watchMainThread({ patience: 60_000 });
let session: Session | undefined;

connection.onInitialize(({ initializationOptions, workspaceFolders }) => {
  const start = initializationOptions as Start;
  session = createSession(
    createPorts({
      log: (message) => connection.console.info(message),
      approve: (asked) => connection.sendRequest('sluice/approve', asked),
    }),
    start,
  );
  const server = serverOf(session, start);
  for (const handler of handlers) handler.register(server);
  session.files.setFolders((workspaceFolders ?? []).map((folder) => folder.uri));
  return { capabilities: merged(handlers.map((handler) => handler.capabilities ?? {})) };
});

connection.onNotification('sluice/trusted', () => session?.link.trust());
connection.onNotification('sluice/settings', (settings: Settings) => session?.settings(settings));
connection.onShutdown(() => session?.dispose());

documents.listen(connection);
connection.listen();

function serverOf(session: Session, start: Start): Server {
  return {
    connection,
    documents,
    session,
    start,
    on(method, answer) {
      const name: string = method;
      connection.onRequest(
        name,
        async (params: Parameters<typeof answer>[0], token: CancellationToken): Promise<unknown> => {
          const abort = new AbortController();
          if (token.isCancellationRequested) abort.abort();
          token.onCancellationRequested(() => abort.abort());
          return await answer(params, abort.signal);
        },
      );
    },
    notify: (method, params) => void connection.sendNotification(method, params),
  };
}

/** The capabilities of all handlers; each names only its own, and `workspace` is shared by its keys. */
function merged(parts: readonly Partial<ServerCapabilities>[]): ServerCapabilities {
  const all: ServerCapabilities = Object.assign({}, ...parts);
  const workspace = Object.assign({}, ...parts.map((part) => part.workspace ?? {}));
  return { ...all, workspace };
}
