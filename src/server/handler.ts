/** The shape of a handler: one verb of the server in one file of `handlers/`, and one line in `handlers/index.ts`. */
import type { Connection, ServerCapabilities, TextDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Requests, ServerNotifications, Start } from '../protocol/index.ts';
import type { Session } from './session.ts';

export interface Server {
  readonly connection: Connection;
  /** The documents that are open in the editor, by URI. */
  readonly documents: TextDocuments<TextDocument>;
  readonly session: Session;
  /** What the extension said when it started the server. */
  readonly start: Start;
  /**
   * Answers one of our own requests. `signal` is aborted when the editor cancels; what the answer throws is said to the
   * person as it stands, so it must be a sentence.
   */
  on<M extends keyof Requests>(
    method: M,
    answer: (params: Requests[M][0], signal: AbortSignal) => Promise<Requests[M][1]> | Requests[M][1],
  ): void;
  notify<M extends keyof ServerNotifications>(method: M, params: ServerNotifications[M]): void;
}

export interface Handler {
  readonly capabilities?: Partial<ServerCapabilities>;
  register(server: Server): void;
}
