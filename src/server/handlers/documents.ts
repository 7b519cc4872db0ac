/** Virtual documents and the way from a rendered line to its source line, and back. */
import type { Place } from '../../protocol/index.ts';
import { linesOf, placeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import type { Session } from '../session.ts';
import { originsAt, parseVirtual, type Rendered, spansFrom } from '../virtual.ts';

export const documents: Handler = {
  register({ on, session }) {
    on('sluice/document', async ({ uri }, signal) => ({ text: (await rendered(session, uri, signal)).text }));
    on('sluice/sourceOf', async ({ uri, line, character }, signal) => {
      const document = await rendered(session, uri, signal);
      const lines = linesOf(document.text);
      const start = lines.offsetAt({ line, character: 0 });
      const end = lines.offsetAt({ line: line + 1, character: 0 }) - 1;
      const origins = originsAt(document, lines.offsetAt({ line, character }), start, end);
      const { folder } = document;
      if (folder === undefined) return { places: [] };
      return { places: origins.flatMap((at) => session.place(folder, at) ?? []) };
    });
    on('sluice/renderedOf', async ({ uri, line, into }, signal) => {
      const document = await rendered(session, into, signal);
      const source = session.files.locate(uri);
      const text = source && session.files.tree(source.folder).file(source.path)?.text;
      if (source === undefined || text === undefined || source.folder.uri !== document.folder?.uri)
        return { places: [] };
      const lines = linesOf(text);
      const start = lines.offsetAt({ line, character: 0 });
      const end = lines.offsetAt({ line: line + 1, character: 0 });
      const spans = spansFrom(document, source.path.slice(1), start, end);
      return { places: spans.map((span): Place => placeOf(into, document.text, span)) };
    });
  },
};

async function rendered(session: Session, uri: string, signal: AbortSignal): Promise<Rendered> {
  const virtual = parseVirtual(uri);
  if (virtual === undefined) throw new Error(`not a document of Sluice: ${uri}`);
  return await session.render(virtual, signal);
}
