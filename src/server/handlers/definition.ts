/** Go to the declaration of what is referred to, find who refers to an object, and the outline of a file. */
import { type Location, SymbolKind } from 'vscode-languageserver/node';
import type { Origin } from '../../engine/index.ts';
import { definitions, references, symbols } from '../../language/index.ts';
import { linesOf, rangeOf } from '../convert.ts';
import type { Handler, Server } from '../handler.ts';
import { type Asked, languageOf } from '../language.ts';

export const definition: Handler = {
  capabilities: { definitionProvider: true, referencesProvider: true, documentSymbolProvider: true },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onDefinition(({ textDocument, position }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      const { text } = asked.file.source;
      const found = definitions(asked.file, linesOf(text).offsetAt(position), asked.knowledge);
      return found.flatMap(({ to }) => locationOf(session, asked, to) ?? []);
    });
    connection.onReferences(({ textDocument, position }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      const offset = linesOf(asked.file.source.text).offsetAt(position);
      const found = references(asked.file, offset, asked.knowledge);
      return found.flatMap((at) => locationOf(session, asked, at) ?? []);
    });
    connection.onDocumentSymbol(({ textDocument }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      const { text } = asked.file.source;
      return symbols(asked.file).map(({ name, detail, at, nameAt }) => ({
        name,
        detail,
        kind: SymbolKind.Object,
        range: rangeOf(text, at),
        selectionRange: rangeOf(text, nameAt),
      }));
    });
  },
};

function locationOf(session: Server['session'], { folder, file }: Asked, at: Origin): Location | undefined {
  const text = at.file === file.source.name ? file.source.text : session.files.tree(folder).file(`/${at.file}`)?.text;
  return text === undefined ? undefined : { uri: session.files.uriOf(folder, at.file), range: rangeOf(text, at) };
}
