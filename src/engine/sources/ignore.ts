/**
 * `.sourceignore`: which files a source leaves out of its artifact. The rules are those of fluxcd/pkg/sourceignore, which
 * are nearly Git's: the last pattern that matches decides, `!` takes back, a pattern without a slash matches at any depth.
 */
import { compileMatch, type Matcher } from '../go/match.ts';
import type { DirectoryEntry, FileTree } from '../ports.ts';

/** What Flux always leaves out, unless a later pattern takes it back; and what it leaves out where nobody says anything. */
const vcs = ['.git/', '.gitignore', '.gitmodules', '.gitattributes'];
const defaults = [
  ...['*.jpg', '*.jpeg', '*.gif', '*.png', '*.wmv', '*.flv', '*.tar.gz', '*.zip'],
  ...['.github/', '.circleci/', '.travis.yml', '.gitlab-ci.yml', 'appveyor.yml', '.drone.yml', 'cloudbuild.yaml'],
  ...['codeship-services.yml', 'codeship-steps.yml', '**/.goreleaser.yml', '**/.sops.yaml', '**/.flux.yaml'],
];

/** One line of an ignore file. */
export interface IgnorePattern {
  /** The folder that the pattern speaks about, as path segments. */
  readonly domain: readonly string[];
  readonly parts: readonly { readonly text: string; readonly match: Matcher | undefined }[];
  readonly includes: boolean;
  readonly folderOnly: boolean;
}

/** The patterns of a text, all speaking about the folder `domain`. */
export function parsePatterns(text: string, domain: string): readonly IgnorePattern[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .map((line) => parsePattern(line, segments(domain)));
}

function parsePattern(line: string, domain: readonly string[]): IgnorePattern {
  const includes = line.startsWith('!');
  let rest = includes ? line.slice(1) : line;
  if (!rest.endsWith('\\ ')) rest = rest.replace(/ +$/, '');
  const folderOnly = rest.endsWith('/');
  if (folderOnly) rest = rest.slice(0, -1);
  const parts = rest.split('/').map((text) => ({ text, match: compileMatch(text) }));
  return { domain, parts, includes, folderOnly };
}

/** The patterns of a source that has none of its own, speaking about the folder `domain`. */
export function defaultPatterns(domain: string): readonly IgnorePattern[] {
  return parsePatterns([...vcs, ...defaults].join('\n'), domain);
}

/** All patterns of a source: rules of its own (`.sourceignore`, `spec.ignore`) stand in place of the defaults. */
export function sourcePatterns(own: readonly IgnorePattern[]): readonly IgnorePattern[] {
  return own.length === 0 ? defaultPatterns('/') : [...parsePatterns(vcs.join('\n'), '/'), ...own];
}

/** The patterns of every `.sourceignore` in `folder` and below, outer files first. */
export function loadPatterns(tree: FileTree, folder: string): readonly IgnorePattern[] {
  const own = tree.file(folder === '/' ? '/.sourceignore' : `${folder}/.sourceignore`);
  const patterns = own === undefined ? [] : [...parsePatterns(own.text, folder)];
  for (const entry of tree.directory(folder) ?? []) {
    if (entry.type !== 'directory' || entry.name === '.git' || entry.name === 'node_modules') continue;
    const path = folder === '/' ? `/${entry.name}` : `${folder}/${entry.name}`;
    if (tree.realPath(path) === path) patterns.push(...loadPatterns(tree, path));
  }
  return patterns;
}

/** Whether the patterns leave `path` out. */
export function isIgnored(patterns: readonly IgnorePattern[], path: string, isFolder: boolean): boolean {
  return decidingPattern(patterns, path, isFolder)?.includes === false;
}

/** The last pattern that matches: it leaves `path` out, or takes it back. */
export function decidingPattern(
  patterns: readonly IgnorePattern[],
  path: string,
  isFolder: boolean,
): IgnorePattern | undefined {
  const parts = segments(path);
  return patterns.findLast((pattern) => matches(pattern, parts, isFolder));
}

/** A pattern as somebody wrote it. */
export function patternText({ parts, folderOnly }: IgnorePattern): string {
  return `${parts.map(({ text }) => text).join('/')}${folderOnly ? '/' : ''}`;
}

function matches(pattern: IgnorePattern, path: readonly string[], isFolder: boolean): boolean {
  if (path.length <= pattern.domain.length || !pattern.domain.every((part, i) => part === path[i])) return false;
  const rest = path.slice(pattern.domain.length);
  return pattern.parts.length > 1 ? matchesPath(pattern, rest, isFolder) : matchesName(pattern, rest, isFolder);
}

function matchesName({ parts, folderOnly }: IgnorePattern, path: readonly string[], isFolder: boolean): boolean {
  const at = path.findIndex((name) => parts[0]!.match?.(name) ?? false);
  return at >= 0 && !(folderOnly && !isFolder && at === path.length - 1);
}

/** A pattern with slashes: its parts are matched from the domain down; `**` skips any number of folders. */
function matchesPath({ parts, folderOnly }: IgnorePattern, path: readonly string[], isFolder: boolean): boolean {
  let rest = path;
  let matched = false;
  let skip = false;
  for (const [i, part] of parts.entries()) {
    if (part.text === '') {
      skip = false;
    } else if (part.text === '**') {
      if (i === parts.length - 1) break;
      skip = true;
    } else if (part.text.includes('**') || rest.length === 0 || part.match === undefined) {
      return false;
    } else if (skip) {
      skip = false;
      const at = rest.findIndex((name) => part.match!(name));
      // A name that is nowhere uses the path up; without further parts an earlier match must not stand.
      matched = at >= 0;
      rest = at >= 0 ? rest.slice(at + 1) : [];
    } else {
      if (!part.match(rest[0]!)) return false;
      matched = true;
      rest = rest.slice(1);
    }
  }
  return matched && !(folderOnly && !isFolder && rest.length === 0);
}

/**
 * A tree as source-controller archives it: without what the patterns leave out and without symbolic links, which never
 * get into an artifact.
 */
export function artifactTree(tree: FileTree, patterns: readonly IgnorePattern[]): FileTree {
  const hidden = new Map<string, boolean>();
  function isHidden(path: string, isFolder: boolean): boolean {
    if (path === '/') return false;
    const key = isFolder ? `${path}/` : path;
    let answer = hidden.get(key);
    if (answer === undefined) {
      hidden.set(key, true);
      answer = tree.realPath(path) !== path || (isIgnored(patterns, path, isFolder) && !(isFolder && holdsFiles(path)));
      hidden.set(key, answer);
    }
    return answer;
  }
  /** A folder that is left out is still there when a file in it is taken back. */
  function holdsFiles(path: string): boolean {
    return (tree.directory(path) ?? []).some((entry) => !isHidden(`${path}/${entry.name}`, entry.type === 'directory'));
  }
  const visible = (path: string) => (entry: DirectoryEntry) =>
    !isHidden(path === '/' ? `/${entry.name}` : `${path}/${entry.name}`, entry.type === 'directory');
  return {
    file: (path) => (isHidden(path, false) ? undefined : tree.file(path)),
    directory: (path) => (isHidden(path, true) ? undefined : tree.directory(path)?.filter(visible(path))),
    realPath: (path) => (isHidden(path, tree.file(path) === undefined) ? undefined : tree.realPath(path)),
  };
}

function segments(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}
