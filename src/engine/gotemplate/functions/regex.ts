/** Regular expressions: RE2 with Go's rules for matches, replacements and splitting. */
import { compileRegexp, type Match, type Regexp } from '../../go/regexp.ts';
import { substring } from '../text.ts';
import { bool, type CallContext, GoError, type GoFunction, type StringValue, string, type Value } from '../value.ts';
import { alias, fn, num, str, text } from './define.ts';

function compiled(pattern: string, must: 'panics' | 'returns'): Regexp {
  const result = compileRegexp(pattern);
  if (result.ok) return result.regexp;
  throw new GoError(must === 'panics' ? `regexp: Compile(${backquoted(pattern)}): ${result.error}` : result.error);
}

function backquoted(pattern: string): string {
  return pattern.includes('`') ? JSON.stringify(pattern) : `\`${pattern}\``;
}

/** All matches: an empty one right after another match does not count. */
function findAll(regexp: Regexp, value: string, limit: number): Match[] {
  const out: Match[] = [];
  let end = -1;
  for (const match of regexp.find(value)) {
    if (out.length === limit) break;
    const whole = match[0]!;
    if (whole.start === whole.end && whole.start === end) continue;
    out.push(match);
    end = whole.end;
  }
  return out;
}

/** The names of a pattern's groups by number. */
function groupNames(pattern: string): string[] {
  const names = [''];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i += pattern[i + 1] === 'Q' ? Math.max(1, pattern.indexOf('\\E', i) - i) : 1;
    else if (char === '[') {
      i += pattern[i + 1] === '^' ? 2 : 1;
      for (i++; i < pattern.length && pattern[i] !== ']'; i++) if (pattern[i] === '\\') i++;
    } else if (char === '(') {
      const name = /^\(\?P?<([^>]+)>/.exec(pattern.slice(i));
      if (name !== null) names.push(name[1]!);
      else if (pattern[i + 1] !== '?') names.push('');
    }
  }
  return names;
}

/** `Regexp.Expand`: `$name`, `${name}`, `$1`; the longest name counts, and an unknown one is empty. */
function expand(template: string, match: Match, names: readonly string[]): string {
  return template.replace(/\$(?:\$|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/g, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    if (name === undefined) return whole === '$$' ? '$' : whole;
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name);
    return index < 0 ? '' : (match[index]?.text ?? '');
  });
}

function replace(
  regexp: Regexp,
  value: StringValue,
  replacement: (match: Match) => string,
  context: CallContext,
): StringValue {
  const matches = findAll(regexp, value.text, -1);
  if (matches.length === 0) return value;
  let out = '';
  let at = 0;
  for (const match of matches) {
    const whole = match[0]!;
    out += value.text.slice(at, whole.start) + replacement(match);
    at = whole.end;
  }
  context.make(out.length);
  return string(out + value.text.slice(at));
}

function split(regexp: Regexp, value: StringValue, limit: number): StringValue[] {
  if (limit === 0) return [];
  if (regexp.source.length > 0 && value.text === '') return [string('')];
  const parts: StringValue[] = [];
  let start = 0;
  let end = 0;
  for (const match of findAll(regexp, value.text, limit)) {
    if (limit > 0 && parts.length === limit - 1) break;
    const whole = match[0]!;
    end = whole.start;
    if (whole.end !== 0) parts.push(substring(value, start, end));
    start = whole.end;
  }
  if (end !== value.text.length) parts.push(substring(value, start, value.text.length));
  return parts;
}

function stringList(items: readonly StringValue[]): Value {
  return items.length === 0
    ? { kind: 'list', items, elem: 'string', isNil: true }
    : { kind: 'list', items, elem: 'string' };
}

type Regex = (regexp: Regexp, args: readonly Value[], context: CallContext) => Value;

/** A function whose first argument is the pattern, and its `must` twin, which reports a bad pattern in other words. */
function both(name: string, signature: string, call: Regex): GoFunction[] {
  const make = (mode: 'panics' | 'returns') =>
    fn(name, signature, (args, context) => {
      context.step(text(args[1]).length + text(args[0]).length);
      return call(compiled(text(args[0]), mode), args, context);
    });
  return [make('panics'), alias(`must${name[0]!.toUpperCase()}${name.slice(1)}`, make('returns'))];
}

export const regexFunctions: readonly GoFunction[] = [
  fn('regexMatch', 'string string', ([pattern, s]) => {
    const result = compileRegexp(text(pattern));
    return bool(result.ok && result.regexp.test(text(s)));
  }),
  fn('mustRegexMatch', 'string string', ([pattern, s]) => bool(compiled(text(pattern), 'returns').test(text(s)))),
  ...both('regexFind', 'string string', (regexp, [, s]) => {
    const whole = regexp.find(text(s), 1)[0]?.[0];
    return whole === undefined ? string('') : substring(str(s), whole.start, whole.end);
  }),
  ...both('regexFindAll', 'string string int', (regexp, [, s, limit]) => {
    const matches = findAll(regexp, text(s), num(limit) < 0 ? -1 : num(limit));
    return stringList(matches.map((match) => substring(str(s), match[0]!.start, match[0]!.end)));
  }),
  ...both('regexReplaceAll', 'string string string', (regexp, [pattern, s, by], context) => {
    const names = groupNames(text(pattern));
    return replace(regexp, str(s), (match) => expand(text(by), match, names), context);
  }),
  ...both('regexReplaceAllLiteral', 'string string string', (regexp, [, s, by], context) =>
    replace(regexp, str(s), () => text(by), context),
  ),
  ...both('regexSplit', 'string string int', (regexp, [, s, limit]) => stringList(split(regexp, str(s), num(limit)))),
  fn('regexQuoteMeta', 'string', ([s]) => string(text(s).replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'))),
];
