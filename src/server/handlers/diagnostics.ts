/**
 * Problems as you type. What is open is checked soon after a keystroke, everything else when typing has paused: a
 * renamed object breaks references in files that nobody looks at. Only what changed is sent.
 */
import { type Diagnostic, DiagnosticTag } from 'vscode-languageserver/node';
import type { DesiredSet, Workspace, WorkspaceFile } from '../../engine/index.ts';
import { check, type Diagnostic as Found, withRendered } from '../../language/index.ts';
import { diagnosticOf, rangeOf } from '../convert.ts';
import type { Folder } from '../files.ts';
import type { Handler, Server } from '../handler.ts';
import { type Language, languageOf } from '../language.ts';

/** More than this in one file helps nobody. */
const most = 500;
/** Pauses in milliseconds before the open files, and then all files, are checked. */
const soon = 120;
const later = 800;

export const diagnostics: Handler = {
  register(server) {
    const language = languageOf(server.session);
    const publisher = createPublisher(server, language);
    let first: NodeJS.Timeout | undefined;
    let second: NodeJS.Timeout | undefined;
    const schedule = (): void => {
      clearTimeout(first);
      clearTimeout(second);
      first = setTimeout(() => publisher.publish(server.documents.keys()), soon);
      second = setTimeout(() => void publisher.publishAll(), later);
    };
    server.session.files.onChange(schedule);
    server.connection.onShutdown(() => {
      clearTimeout(first);
      clearTimeout(second);
    });
    // CEL rules come once their evaluator is loaded, which start-up does not wait for.
    void language.prepare().then(schedule);
  },
};

function createPublisher({ connection, documents, session, start }: Server, language: Language) {
  const sent = new Map<string, string>();
  /** What the last render of each folder found, with the files as they were. */
  const rendered = new Map<string, { readonly workspace: Workspace; readonly sets: readonly DesiredSet[] }>();

  function send(uri: string, found: readonly Diagnostic[]): void {
    const version = documents.get(uri)?.version;
    const text = JSON.stringify(found);
    if ((sent.get(uri) ?? '[]') === text) return;
    if (found.length === 0) sent.delete(uri);
    else sent.set(uri, text);
    const params = { uri, diagnostics: [...found] };
    void connection.sendDiagnostics(version === undefined ? params : { ...params, version });
  }

  function judge(uri: string): readonly Diagnostic[] {
    const asked = language.file(uri);
    if (asked === undefined) return [];
    const { file, knowledge, folder } = asked;
    return withRendered(check(file, knowledge), foundBy(folder, file))
      .filter(({ at }) => at === undefined || at.file === file.source.name)
      .filter(
        ({ code }) => !(start.yamlSyntaxElsewhere && code.startsWith('yaml-') && documents.get(uri) !== undefined),
      )
      .slice(0, most)
      .map((found) => toDiagnostic(found, file.source.text, (name) => session.files.uriOf(folder, name), textOf));

    function textOf(name: string): string | undefined {
      return session.files.tree(folder).file(`/${name}`)?.text;
    }
  }

  /** The sets of the last render, as long as the file is still the one that was rendered. */
  function foundBy(folder: Folder, file: WorkspaceFile): readonly DesiredSet[] {
    const last = rendered.get(folder.uri);
    return last?.workspace.file(file.path)?.source === file.source ? last.sets : [];
  }

  /** Renders every cluster of the folders; answers which files have something to say that no file says by itself. */
  async function render(version: number): Promise<readonly string[]> {
    const uris: string[] = [];
    for (const folder of session.files.folders()) {
      const workspace = session.workspace(folder);
      const sets: DesiredSet[] = [];
      for (const cluster of workspace.clusters) {
        sets.push(...(await session.doors.render(workspace, cluster, new AbortController().signal)));
        await new Promise((resolve) => setImmediate(resolve));
        if (session.files.version() !== version) return [];
      }
      const before = rendered.get(folder.uri)?.sets ?? [];
      rendered.set(folder.uri, { workspace, sets });
      const names = [...before, ...sets].flatMap((set) => set.problems.flatMap(({ at }) => at?.file ?? []));
      uris.push(...[...new Set(names)].map((name) => session.files.uriOf(folder, name)));
    }
    return uris;
  }

  function publish(uris: Iterable<string>): void {
    for (const uri of uris) send(uri, judge(uri));
  }

  return {
    publish,
    /** Every file of every folder; makes way for other work between files, and ends when something changes meanwhile. */
    async publishAll(): Promise<void> {
      const version = session.files.version();
      const seen = new Set<string>(documents.keys());
      publish(seen);
      for (const folder of session.files.folders()) {
        for (const file of language.knowledge(folder).workspace.files) {
          const uri = session.files.uriOf(folder, file.source.name);
          if (seen.has(uri)) continue;
          seen.add(uri);
          publish([uri]);
          await new Promise((resolve) => setImmediate(resolve));
          if (session.files.version() !== version) return;
        }
      }
      for (const uri of [...sent.keys()]) if (!seen.has(uri)) send(uri, []);
      publish(await render(version));
    },
  };
}

function toDiagnostic(
  found: Found,
  text: string,
  uriOf: (name: string) => string,
  textOf: (name: string) => string | undefined,
): Diagnostic {
  const related = (found.related ?? []).flatMap(({ message, at }) => {
    const there = textOf(at.file);
    return there === undefined ? [] : [{ message, location: { uri: uriOf(at.file), range: rangeOf(there, at) } }];
  });
  return {
    ...diagnosticOf(text, found),
    ...(found.tag === 'deprecated' ? { tags: [DiagnosticTag.Deprecated] } : {}),
    ...(related.length > 0 ? { relatedInformation: related } : {}),
  };
}
