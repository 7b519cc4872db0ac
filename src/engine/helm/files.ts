/** `.Files`: a chart's other files, by path, with the methods that templates call on them. */
import { RE2JS } from 're2js';
import { decode } from '../go/utf8.ts';
import { bytes, type GoFunction, type MapValue, map, string, strings, type Value } from '../gotemplate/index.ts';
import { marshal } from '../yaml/print.ts';
import type { ChartFile } from './chart.ts';

/** The files as Helm's `engine.files`: a map of bytes that has methods. */
export function filesValue(files: readonly ChartFile[]): MapValue {
  const byName = new Map(files.map((file) => [file.name, file]));
  const text = (name: string) => {
    const file = byName.get(name)?.file;
    return file === undefined ? '' : decode(file.bytes);
  };
  const whole = (name: string) => {
    const file = byName.get(name)?.file;
    return file === undefined ? undefined : [{ file: file.name, start: 0, end: file.text.length }];
  };
  const all = [...byName.keys()];
  const methods: readonly GoFunction[] = [
    method('Get', ['string'], (name) => string(text(name), whole(name))),
    method('GetBytes', ['string'], (name) => bytes(byName.get(name)?.file.bytes ?? new Uint8Array(), whole(name))),
    method('Glob', ['string'], (pattern) => {
      const matches = compileGlob(pattern);
      return filesValue(files.filter((file) => matches(file.name)));
    }),
    method('Lines', ['string'], (name) => strings(linesOf(text(name)))),
    method('AsConfig', [], () => string(flatten(all, text))),
    method('AsSecrets', [], () => string(flatten(all, (name) => base64(byName.get(name)!.file.bytes)))),
  ];
  const entries = map(all.map((name) => [name, bytes(byName.get(name)!.file.bytes, whole(name))]));
  const named = new Map(methods.map((fn) => [fn.name, fn]));
  return { ...entries, elem: '[]uint8', type: 'engine.files', methods: named };
}

function method(name: string, params: GoFunction['params'], call: (argument: string) => Value): GoFunction {
  return { name, params, call: ([argument]) => call(argument?.kind === 'string' ? argument.text : '') };
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** A YAML mapping of base names to contents, as Helm's toYAML prints it. */
function flatten(names: readonly string[], content: (name: string) => string): string {
  const out: Record<string, string> = Object.create(null);
  for (const name of names) out[name.slice(name.lastIndexOf('/') + 1)] = content(name);
  return marshal(out).replace(/\n$/, '');
}

function base64(data: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < data.length; i += 8192) binary += String.fromCharCode(...data.subarray(i, i + 8192));
  return btoa(binary);
}

/** gobwas/glob with `/` as its separator: `*`, `**`, `?`, `[a-z]`, `[!a]`, `{a,b}`, `\`. A bad pattern matches all. */
export function compileGlob(pattern: string): (name: string) => boolean {
  try {
    const compiled = RE2JS.compile(globToRegexp(pattern));
    return (name) => compiled.matcher(name).matches();
  } catch {
    return () => true;
  }
}

function globToRegexp(pattern: string): string {
  let out = '(?s)';
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === '*') {
      const double = pattern[i + 1] === '*';
      if (double) i++;
      out += double ? '.*' : '[^/]*';
    } else if (c === '?') out += '[^/]';
    else if (c === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end < 0) return '.*';
      out += `[${pattern
        .slice(i + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[')}]`;
      i = end;
    } else if (c === '{') {
      depth++;
      out += '(?:';
    } else if (c === '}' && depth > 0) {
      depth--;
      out += ')';
    } else if (c === ',' && depth > 0) out += '|';
    else {
      const literal = c === '\\' ? (pattern[++i] ?? '') : c;
      out += literal.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
    }
  }
  return out;
}
