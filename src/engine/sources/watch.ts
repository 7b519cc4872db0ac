/** Trees that can tell what was read of them, so that an outcome can be kept as long as nothing that it read has changed. */
import type { FileTree } from '../ports.ts';

/** One question to a tree and its answer. */
export interface TreeRead {
  readonly tree: number;
  readonly ask: keyof FileTree;
  readonly path: string;
  readonly answer: unknown;
}

export interface WatchedTrees {
  readonly trees: readonly FileTree[];
  /** Runs something and answers, beside its outcome, every question that it put to the trees, each once. */
  watch<T>(run: () => T): { readonly value: T; readonly reads: readonly TreeRead[] };
  /** Whether the trees would still answer the same. */
  stillTrue(reads: readonly TreeRead[]): boolean;
}

export function watchTrees(trees: readonly FileTree[]): WatchedTrees {
  let log: Map<string, TreeRead> | undefined;
  const note = <T>(tree: number, ask: keyof FileTree, path: string, answer: T): T => {
    log?.set(`${tree}${ask}${path}`, { tree, ask, path, answer });
    return answer;
  };
  return {
    trees: trees.map((tree, i) => ({
      file: (path) => note(i, 'file', path, tree.file(path)),
      directory: (path) => note(i, 'directory', path, tree.directory(path)),
      realPath: (path) => note(i, 'realPath', path, tree.realPath(path)),
    })),
    watch(run) {
      const outer = log;
      const own = new Map<string, TreeRead>();
      log = own;
      try {
        return { value: run(), reads: [...own.values()] };
      } finally {
        log = outer;
        if (outer !== undefined) for (const [key, read] of own) outer.set(key, read);
      }
    },
    stillTrue: (reads) => reads.every((read) => sameAnswer(trees[read.tree]?.[read.ask](read.path), read.answer)),
  };
}

function sameAnswer(now: unknown, before: unknown): boolean {
  if (now === before) return true;
  if (!Array.isArray(now) || !Array.isArray(before) || now.length !== before.length) return false;
  return now.every((entry, i) => entry.name === before[i].name && entry.type === before[i].type);
}
