/** Globs over paths: Go's `fs.Glob`, which goes folder by folder, and doublestar's match, where `**` crosses them. */
import { compileMatch, type Matcher } from '../go/match.ts';
import type { FileTree } from '../ports.ts';

/** Paths (without leading slash) of files and folders that a pattern matches; each part stays inside one folder. */
export function globTree(tree: FileTree, pattern: string): readonly string[] | undefined {
  let found = [''];
  for (const part of pattern.split('/')) {
    const match = compileMatch(part);
    if (match === undefined) return undefined;
    found = found.flatMap((folder) => namesIn(tree, folder, part, match).map((name) => join(folder, name)));
  }
  return found;
}

function namesIn(tree: FileTree, folder: string, part: string, match: Matcher): readonly string[] {
  if (!/[*?[\\]/.test(part)) return tree.realPath(`/${join(folder, part)}`) === undefined ? [] : [part];
  return (tree.directory(`/${folder}`) ?? []).map((entry) => entry.name).filter(match);
}

function join(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`;
}

/** Every path below the root that a doublestar pattern matches. */
export function globDeep(tree: FileTree, pattern: string): readonly string[] {
  const match = doubleStar(pattern);
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of tree.directory(`/${folder}`) ?? []) {
      const path = join(folder, entry.name);
      if (match(path)) found.push(path);
      if (entry.type === 'directory') walk(path);
    }
  };
  walk('');
  return found;
}

/** A pattern where `**` stands for any number of folders and `{a,b}` for a choice; a malformed one matches nothing. */
export function doubleStar(pattern: string): (path: string) => boolean {
  const choices = expandBraces(pattern).map((choice) =>
    choice.split('/').map((part) => (part === '**' ? 'any' : (compileMatch(part) ?? (() => false)))),
  );
  return (path) => choices.some((parts) => matchParts(parts, path.split('/')));
}

/** Whether doublestar takes a pattern: braces and classes are closed, no backslash ends it. */
export function isPattern(pattern: string): boolean {
  const braces = pattern.replace(/\\.|\[[^\]]*\]/g, '').match(/[{}]/g) ?? [];
  let depth = 0;
  for (const brace of braces) {
    depth += brace === '{' ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0 && expandBraces(pattern).every((choice) => choice.split('/').every((part) => compileMatch(part)));
}

const maxChoices = 1000;

function expandBraces(pattern: string): readonly string[] {
  const queue = [pattern];
  const out: string[] = [];
  while (queue.length > 0 && out.length + queue.length < maxChoices) {
    const next = queue.shift()!;
    const brace = /\{([^{}]*)\}/.exec(next);
    if (brace === null) out.push(next);
    else
      for (const choice of brace[1]!.split(','))
        queue.push(next.slice(0, brace.index) + choice + next.slice(brace.index + brace[0].length));
  }
  return out;
}

/** Which suffixes of the path each prefix of the pattern leaves; quadratic at worst, without backtracking. */
function matchParts(parts: readonly ('any' | Matcher)[], path: readonly string[]): boolean {
  let reached = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const at of reached) {
      if (part === 'any') for (let i = at; i <= path.length; i++) next.add(i);
      else if (at < path.length && part(path[at]!)) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(path.length);
}
