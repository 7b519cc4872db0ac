/** Quick fixes: what the checks of the language room offer for the problems at the cursor. */
import { type CodeAction, CodeActionKind, type TextEdit } from 'vscode-languageserver/node';
import { check, type Fix } from '../../language/index.ts';
import { diagnosticOf, linesOf, rangeOf } from '../convert.ts';
import type { Handler } from '../handler.ts';
import { languageOf } from '../language.ts';

export const codeActions: Handler = {
  capabilities: { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] } },
  register({ connection, session }) {
    const language = languageOf(session);
    connection.onCodeAction(({ textDocument, range, context }) => {
      if (context.only !== undefined && !context.only.some((kind) => CodeActionKind.QuickFix.startsWith(kind)))
        return [];
      const asked = language.file(textDocument.uri);
      if (asked === undefined) return [];
      const { file, folder, knowledge } = asked;
      const { text } = file.source;
      const start = linesOf(text).offsetAt(range.start);
      const end = linesOf(text).offsetAt(range.end);
      return check(file, knowledge)
        .filter(({ at }) => at !== undefined && at.start <= end && at.end >= start)
        .flatMap((found) => (found.fixes ?? []).map((fix) => action(fix, diagnosticOf(text, found))));

      function action(fix: Fix, problem: ReturnType<typeof diagnosticOf>): CodeAction {
        const changes: Record<string, TextEdit[]> = {};
        for (const edit of fix.edits) {
          const there = edit.file === file.source.name ? text : session.files.tree(folder).file(`/${edit.file}`)?.text;
          if (there === undefined) continue;
          const uri = session.files.uriOf(folder, edit.file);
          changes[uri] = [...(changes[uri] ?? []), { range: rangeOf(there, edit), newText: edit.text }];
        }
        return {
          title: fix.title,
          kind: CodeActionKind.QuickFix,
          diagnostics: [problem],
          edit: { changes },
          isPreferred: true,
        };
      }
    });
  },
};
