/** Hovers: what the language room says of the thing under the mouse. */
import { MarkupKind } from 'vscode-languageserver/node';
import { hover as hoverAt } from '../../language/index.ts';
import { linesOf, rangeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import { languageOf } from '../language.ts';

export const hover: Handler = {
  capabilities: { hoverProvider: true },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onHover(({ textDocument, position }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return null;
      const { text } = asked.file.source;
      const found = hoverAt(asked.file, linesOf(text).offsetAt(position), asked.knowledge);
      if (found === undefined) return null;
      return { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: rangeOf(text, found.at) };
    });
  },
};
