/** Virtual documents: what the server renders, read-only, fresh whenever the server says that it changed. */
import {
  type CancellationToken,
  Disposable,
  EventEmitter,
  Hover,
  Location,
  languages,
  MarkdownString,
  type Position,
  Range,
  type TextDocument,
  Uri,
  workspace,
} from 'vscode';
import type { Place } from '../../protocol/index.ts';
import type { Client } from '../client.ts';
import { scheme } from '../contributions.ts';

export function registerDocuments(client: Client): Disposable {
  const changed = new EventEmitter<Uri>();
  const selector = { scheme };
  const sourcesOf = async (document: TextDocument, { line, character }: Position, token: CancellationToken) =>
    (await client.request('sluice/sourceOf', { uri: document.uri.toString(), line, character }, token)).places;
  return Disposable.from(
    changed,
    client.on('sluice/documentsChanged', ({ queries }) => {
      const wanted = new Set(queries);
      for (const { uri } of workspace.textDocuments) {
        if (uri.scheme === scheme && wanted.has(uri.query)) changed.fire(uri);
      }
    }),
    workspace.registerTextDocumentContentProvider(scheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri, token) =>
        (await client.request('sluice/document', { uri: uri.toString() }, token)).text,
    }),
    languages.registerDefinitionProvider(selector, {
      provideDefinition: async (document, position, token) =>
        (await sourcesOf(document, position, token)).map(locationOf),
    }),
    languages.registerHoverProvider(selector, {
      provideHover: async (document, position, token) => {
        const places = await sourcesOf(document, position, token);
        return places.length === 0 ? undefined : new Hover(places.map(linkTo));
      },
    }),
  );
}

export function locationOf(place: Place): Location {
  return new Location(Uri.parse(place.uri), rangeOf(place));
}

export function rangeOf(place: Place): Range {
  return new Range(place.line, place.character, place.endLine, place.endCharacter);
}

function linkTo(place: Place): MarkdownString {
  const uri = Uri.parse(place.uri);
  const name = workspace.asRelativePath(uri);
  const text = new MarkdownString('from ');
  return text.appendMarkdown(`[${escaped(name)}:${place.line + 1}](${uri.with({ fragment: `L${place.line + 1}` })})`);
}

/** File names are data: nothing in them may be read as Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!<>|]/g, '\\$&');
}
