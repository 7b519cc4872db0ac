/** Hovers: what the language room says of the thing under the mouse. */
import { MarkupKind } from 'vscode-languageserver/node';
import { renderFetched } from '../../io/fetch/index.ts';
import { hover as hoverAt } from '../../language/index.ts';
import { linesOf, rangeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import { languageOf } from '../language.ts';

/** How long a hover waits for the cluster, in milliseconds. */
const patience = 1000;

/** The answer as it is once the wait is over. */
function given<T>(wait: AbortSignal, answer: () => T): Promise<T> {
  return new Promise((done) => wait.addEventListener('abort', () => done(answer()), { once: true }));
}

export const hover: Handler = {
  capabilities: { hoverProvider: true },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onHover(async ({ textDocument, position }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return null;
      const { text } = asked.file.source;
      const answer = () => hoverAt(asked.file, linesOf(text).offsetAt(position), asked.knowledge);
      // A variable may be the cluster's: what was asked for and not read yet is read, as long as a hover can wait.
      const wait = AbortSignal.timeout(patience);
      const found = await Promise.race([renderFetched(answer, session.doors.inputs?.(), wait), given(wait, answer)]);
      if (found === undefined) return null;
      return { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: rangeOf(text, found.at) };
    });
  },
};
