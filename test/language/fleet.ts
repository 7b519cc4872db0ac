/** A fleet in memory, and the room's questions as tests write them: `▮` marks the cursor. */
import { createRenderer, memoryTree, openWorkspace, textFile, type WorkspaceFile } from '../../src/engine/index.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import {
  check,
  complete,
  createKnowledge,
  definitions,
  hover,
  type Knowledge,
  references,
} from '../../src/language/index.ts';
import { schemas } from '../engine/schema/schemas.ts';

export type Files = Readonly<Record<string, string>>;

export interface Fleet {
  readonly knowledge: Knowledge;
  file(path: string): WorkspaceFile;
  /** `file:line:column text` of an offset. */
  place(file: string, offset: number): string;
}

export function fleet(files: Files): Fleet {
  const sources = Object.entries(files).map(
    ([path, text]) => [`/${path}`, textFile(path, text.replace('▮', ''))] as const,
  );
  const workspace = openWorkspace(memoryTree(new Map(sources)), { remotes: ['https://git.example.com/acme/fleet'] });
  const renderer = createRenderer({ kustomizer: loadKustomizer() });
  return {
    knowledge: {
      ...createKnowledge(schemas)(workspace),
      releaseValues: (release) => renderer.mergedValues(release, workspace),
    },
    file(path) {
      const file = workspace.file(`/${path}`);
      if (file === undefined) throw new Error(`${path} is no YAML file of the fleet`);
      return file;
    },
    place(file, offset) {
      const before = workspace.tree.file(`/${file}`)!.text.slice(0, offset);
      return `${file}:${before.split('\n').length}:${offset - before.lastIndexOf('\n')}`;
    },
  };
}

/** Every problem but hints, as `file:line:column severity code message`. */
export function problems(files: Files, { hints = false } = {}): readonly string[] {
  const made = fleet(files);
  return made.knowledge.workspace.files.flatMap((file) =>
    check(file, made.knowledge)
      .filter(({ severity }) => hints || severity !== 'hint')
      .map(({ code, severity, message, at }) => `${made.place(at!.file, at!.start)} ${severity} ${code} ${message}`),
  );
}

/** A file's text after the fix of this title was applied. */
export function fixed(files: Files, path: string, title: string): string {
  const made = fleet(files);
  for (const each of made.knowledge.workspace.files) {
    for (const { fixes } of check(each, made.knowledge)) {
      const fix = fixes?.find((one) => one.title === title);
      if (fix === undefined) continue;
      const edits = fix.edits.filter((edit) => edit.file === path).toSorted((a, b) => b.start - a.start);
      let { text } = made.file(path).source;
      for (const edit of edits) text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
      return text;
    }
  }
  throw new Error(`no fix "${title}"`);
}

function asked(files: Files): { readonly made: Fleet; readonly file: WorkspaceFile; readonly offset: number } {
  const [path, text] = Object.entries(files).find(([, content]) => content.includes('▮'))!;
  const made = fleet(files);
  return { made, file: made.file(path), offset: text.indexOf('▮') };
}

/** Labels of the completions at the mark. */
export function completions(files: Files): readonly string[] {
  const { made, file, offset } = asked(files);
  return complete(file, offset, made.knowledge).map(({ label }) => label);
}

/** The same with what stands behind each label. */
export function described(files: Files): Readonly<Record<string, string | undefined>> {
  const { made, file, offset } = asked(files);
  return Object.fromEntries(complete(file, offset, made.knowledge).map(({ label, detail }) => [label, detail]));
}

/** The text of the marked file after the completion of this label was taken. */
export function completed(files: Files, label: string): string {
  const { made, file, offset } = asked(files);
  const found = complete(file, offset, made.knowledge).find((each) => each.label === label);
  if (found === undefined) throw new Error(`no completion "${label}"`);
  const { text } = file.source;
  return text.slice(0, found.start) + found.insert + text.slice(found.end);
}

/** What a hover at the mark says; with `clusterInput`, while a cluster is connected. */
export function hovered(files: Files, clusterInput?: Knowledge['clusterInput']): string | undefined {
  const { made, file, offset } = asked(files);
  return hover(file, offset, { ...made.knowledge, ...(clusterInput && { clusterInput }) })?.markdown;
}

export function defined(files: Files): readonly string[] {
  const { made, file, offset } = asked(files);
  return definitions(file, offset, made.knowledge).map(({ to }) => made.place(to.file, to.start));
}

export function referred(files: Files): readonly string[] {
  const { made, file, offset } = asked(files);
  return references(file, offset, made.knowledge).map((at) => made.place(at.file, at.start));
}
