/** Keeps the session's files in step with the editor: folders, open documents, changes on disk. */
import { TextDocumentSyncKind } from 'vscode-languageserver/node';
import type { Handler } from '../handler.ts';

export const files: Handler = {
  capabilities: {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
  },
  register({ connection, documents, session: { files } }) {
    documents.onDidChangeContent(({ document }) => files.edit(document.uri, document.getText()));
    documents.onDidClose(({ document }) => files.close(document.uri));
    connection.onDidChangeWatchedFiles(({ changes }) => files.changedOnDisk(changes.map((change) => change.uri)));
    connection.onInitialized(() => {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = new Set(removed.map((folder) => folder.uri));
        const kept = files.folders().map((folder) => folder.uri);
        files.setFolders([...kept.filter((uri) => !gone.has(uri)), ...added.map((folder) => folder.uri)]);
      });
    });
  },
};
