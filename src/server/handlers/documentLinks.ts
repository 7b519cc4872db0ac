/** Paths in kustomization files and Flux Kustomizations as links. */
import { links } from '../../language/index.ts';
import { rangeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import { languageOf } from '../language.ts';

export const documentLinks: Handler = {
  capabilities: { documentLinkProvider: {} },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onDocumentLinks(({ textDocument }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      return links(asked.file, asked.knowledge).map(({ at, path }) => ({
        range: rangeOf(asked.file.source.text, at),
        target: session.files.uriOf(asked.folder, path),
      }));
    });
  },
};
