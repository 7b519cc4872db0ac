/**
 * Finished bases, kept for as long as the files that they read stay the same, so that an edit builds again only what read
 * the edited file. A base is the same when every path that its build looked at holds what it held then.
 */
import type { FileTree } from '../ports.ts';
import { fileNames } from './kustomization.ts';
import { cycleWith, type Seen } from './loader.ts';
import type { OpenApiMark } from './openapi.ts';
import { ResMap } from './resmap.ts';
import type { Resource } from './resource.ts';
import type { Accumulated, Build, Place } from './target.ts';

interface Entry {
  readonly reads: ReadonlyMap<string, Seen>;
  readonly resources: readonly Resource[];
  readonly rest: Omit<Accumulated, 'map'>;
  readonly mark: OpenApiMark;
  /** Directories that the build entered. */
  readonly roots: readonly string[];
}

export interface Memo {
  /** The kept build of a base, or `make`'s, which is then kept. */
  reuse(place: Place, build: Build, make: () => Accumulated): Accumulated;
}

/** More bases than any fleet has; beyond it the oldest go. */
const limit = 2000;

/** Finished builds of whole directories, kept in the same way. */
export interface ResultMemo<T> {
  reuse(
    key: string,
    given: object | undefined,
    tree: FileTree,
    make: () => { value: T; reads: ReadonlyMap<string, Seen> },
  ): T;
}

export function createResultMemo<T>(): ResultMemo<T> {
  const entries = new Map<string, { given: object | undefined; reads: ReadonlyMap<string, Seen>; value: T }>();
  return {
    reuse(key, given, tree, make) {
      const known = entries.get(key);
      if (known !== undefined && known.given === given && holds(known.reads, tree)) return known.value;
      const made = make();
      entries.delete(key);
      entries.set(key, { given, ...made });
      if (entries.size > limit) entries.delete(entries.keys().next().value!);
      return made.value;
    },
  };
}

export function createMemo(): Memo {
  const entries = new Map<string, Entry>();
  return {
    reuse(place, build, make) {
      const { loader, tracked } = place;
      // A custom schema changes how everything merges, and a chart's namespace comes from above: those are built anew.
      if (build.openApi.isCustom || build.helm !== undefined || loader.confine !== undefined) return make();
      const key = [loader.root, loader.restrictor, tracked ?? '\0', build.openApi.mark().builtin].join('\n');
      const known = entries.get(key);
      if (known !== undefined && isCurrent(known, place)) {
        for (const [path, seen] of known.reads) loader.reads.set(path, seen);
        for (const seen of known.reads.values()) if (typeof seen === 'object') build.sources.set(seen.name, seen);
        build.openApi.advance(known.mark);
        return { map: new ResMap(build.openApi.isClusterScoped.bind(build.openApi), known.resources), ...known.rest };
      }
      const reads = new Map<string, Seen>();
      const outer = new Map(loader.reads);
      loader.reads.clear();
      try {
        const made = make();
        for (const [path, seen] of loader.reads) reads.set(path, seen);
        // The base's own kustomization file was read before the base was looked for here.
        for (const name of fileNames) {
          const path = loader.root === '/' ? `/${name}` : `${loader.root}/${name}`;
          if (outer.has(path)) reads.set(path, outer.get(path));
        }
        if (!build.openApi.isCustom) {
          const roots = [...reads].filter(([, seen]) => seen === 'directory').map(([path]) => path);
          const { map, ...rest } = made;
          entries.delete(key);
          entries.set(key, { reads, resources: [...map.resources], rest, mark: build.openApi.mark(), roots });
          if (entries.size > limit) entries.delete(entries.keys().next().value!);
        }
        return made;
      } finally {
        for (const [path, seen] of outer) if (!loader.reads.has(path)) loader.reads.set(path, seen);
      }
    },
  };
}

function isCurrent({ reads, roots }: Entry, { loader }: Place): boolean {
  const { tree, referrer } = loader;
  // What was entered then may be a cycle now, when other directories led here.
  if (referrer !== undefined && roots.some((root) => cycleWith(referrer, root) !== undefined)) return false;
  return holds(reads, tree);
}

/** Whether every path still has what it had when it was looked at. */
function holds(reads: ReadonlyMap<string, Seen>, tree: FileTree): boolean {
  for (const [path, seen] of reads) {
    if (typeof seen === 'object') {
      if (tree.file(path) !== seen) return false;
    } else if (seen === 'directory') {
      if (tree.directory(path) === undefined) return false;
    } else if (tree.file(path) !== undefined || tree.directory(path) !== undefined) return false;
  }
  return true;
}
