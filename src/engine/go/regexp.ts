/**
 * Go's regexp package: RE2, which no input can make slow, unlike JavaScript's own. Patterns come from the files of a
 * fleet, so nothing of theirs may ever reach `RegExp`.
 */
import { RE2JS } from 're2js';

export interface Regexp {
  readonly source: string;
  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean;
  /** The matches from left to right, at most `limit` of them: [start, end] of the whole and of each group. */
  find(text: string, limit?: number): readonly Match[];
}

/** A match: offsets and texts, the whole first, then each group; a group that took no part is undefined. */
export type Match = readonly ({ readonly start: number; readonly end: number; readonly text: string } | undefined)[];

export type Compiled = { readonly ok: true; readonly regexp: Regexp } | { readonly ok: false; readonly error: string };

const compiled = new Map<string, Compiled>();

/** How often work was ended in its middle. */
let ended = 0;

/** A pattern learns while it searches: what was ended in the middle of that is compiled again before it is used again. */
export function distrustPatterns(): void {
  ended++;
}

/** Compiles a pattern; the same pattern is compiled once. An error has Go's wording. */
export function compileRegexp(pattern: string): Compiled {
  let answer = compiled.get(pattern);
  if (answer === undefined) {
    // A fleet has few patterns; a generated flood of them must not stay in memory.
    if (compiled.size > 2000) compiled.clear();
    answer = compile(pattern);
    compiled.set(pattern, answer);
  }
  return answer;
}

function compile(pattern: string): Compiled {
  if (!/[\\^$.|?*+()[\]{}]/.test(pattern)) return { ok: true, regexp: literal(pattern) };
  try {
    return { ok: true, regexp: wrap(pattern, RE2JS.compile(pattern)) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function wrap(source: string, first: RE2JS): Regexp {
  let made = { re2: first, ended };
  const current = () => {
    if (made.ended !== ended) made = { re2: RE2JS.compile(source), ended };
    return made.re2;
  };
  return {
    source,
    test: (text) => current().test(text),
    find(text, limit = Number.POSITIVE_INFINITY) {
      const matcher = current().matcher(text);
      const out: Match[] = [];
      while (out.length < limit && matcher.find()) {
        const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => {
          const start = matcher.start(group);
          return start < 0 ? undefined : { start, end: matcher.end(group), text: matcher.group(group) ?? '' };
        });
        out.push(groups);
      }
      return out;
    },
  };
}

/** A pattern without operators. */
function literal(source: string): Regexp {
  return {
    source,
    test: (text) => text.includes(source),
    find(text, limit = Number.POSITIVE_INFINITY) {
      if (source === '') return wrap(source, RE2JS.compile(source)).find(text, limit);
      const out: Match[] = [];
      for (
        let at = text.indexOf(source);
        at >= 0 && out.length < limit;
        at = text.indexOf(source, at + source.length)
      ) {
        out.push([{ start: at, end: at + source.length, text: source }]);
      }
      return out;
    },
  };
}
