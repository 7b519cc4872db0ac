/** Completions from the language room, as the editor wants them. */
import {
  type CompletionItem,
  CompletionItemKind,
  CompletionItemTag,
  InsertTextFormat,
  InsertTextMode,
  MarkupKind,
} from 'vscode-languageserver/node';
import { type Completion, complete } from '../../language/index.ts';
import { linesOf, rangeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import { languageOf } from '../language.ts';

const kinds: Record<Completion['kind'], CompletionItemKind> = {
  field: CompletionItemKind.Property,
  value: CompletionItemKind.EnumMember,
  kind: CompletionItemKind.Class,
  object: CompletionItemKind.Reference,
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
  variable: CompletionItemKind.Variable,
};

export const completion: Handler = {
  capabilities: { completionProvider: { triggerCharacters: [' ', ':', '/', '-', '{', '"'] } },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onCompletion(({ textDocument, position }) => {
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      const { text } = asked.file.source;
      const offset = linesOf(text).offsetAt(position);
      return complete(asked.file, offset, asked.knowledge).map((found) => toItem(found, text));
    });
  },
};

function toItem(found: Completion, text: string): CompletionItem {
  const rank = `${found.rank ?? 5}${found.label}`;
  return {
    label: found.label,
    kind: kinds[found.kind],
    sortText: rank,
    // The editor filters by what it replaces, which for a quoted value begins with the quote.
    filterText: `${/^["']/.exec(text.slice(found.start, found.end))?.[0] ?? ''}${found.label}`,
    textEdit: { range: rangeOf(text, found), newText: found.insert },
    insertTextMode: InsertTextMode.asIs,
    ...(found.snippet ? { insertTextFormat: InsertTextFormat.Snippet } : {}),
    ...(found.detail === undefined ? {} : { detail: found.detail }),
    ...(found.documentation === undefined
      ? {}
      : { documentation: { kind: MarkupKind.Markdown, value: found.documentation } }),
    ...(found.deprecated ? { tags: [CompletionItemTag.Deprecated] } : {}),
  };
}
