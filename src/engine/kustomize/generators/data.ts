/** The keys and values of a generated ConfigMap or Secret: env files first, then literals, then files. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hidden } from '../../objects/hide.ts';
import type { SourceFile } from '../../ports.ts';
import type { Origin, Scalar } from '../../yaml/node.ts';
import { compareText } from '../decode.ts';
import { envSources, type GeneratorArgs } from '../kustomization.ts';
import { load } from '../loader.ts';
import { Refusal, within } from '../refusal.ts';
import type { StepContext } from '../step.ts';

export interface DataValue {
  readonly key: string;
  readonly keyAt: Origin;
  /** The value when it is UTF-8. */
  readonly text: string;
  readonly isText: boolean;
  readonly bytes: () => Uint8Array;
  readonly at: Origin;
}

/** All values, sorted by key; a key that comes twice is refused. */
export function collect(args: GeneratorArgs, context: StepContext, kind: 'ConfigMap' | 'Secret'): readonly DataValue[] {
  const values = within('loading KV pairs', args.at, () => [
    ...envSources(args).flatMap((path) => within('env source files', path.at, () => fromEnvFile(path, context))),
    ...(args.literals ?? []).map((literal) => within('literal sources', literal.at, () => fromLiteral(literal, kind))),
    ...(args.files ?? []).map((source) => within('file sources', source.at, () => fromFile(source, context))),
  ]);
  const seen = new Set<string>();
  for (const { key, at } of values) {
    if (seen.has(key)) throw new Refusal(`configmap ${args.name?.text ?? ''} illegally repeats the key \`${key}\``, at);
    seen.add(key);
  }
  return values.sort((a, b) => compareText(a.key, b.key));
}

function ofText(key: string, text: string, at: Origin, keyAt = at): DataValue {
  return { key, keyAt, text, isText: true, bytes: () => utf8ToBytes(text), at };
}

function fromLiteral(literal: Scalar, kind: 'ConfigMap' | 'Secret'): DataValue {
  const equals = literal.text.indexOf('=');
  if (equals <= 0) {
    // kustomize prints it; here nothing of a Secret is said.
    const said = kind === 'Secret' ? hidden : literal.text;
    throw new Refusal(`invalid literal source ${said}, expected key=value`, literal.at);
  }
  return ofText(literal.text.slice(0, equals), withoutQuotes(literal.text.slice(equals + 1)), literal.at);
}

function withoutQuotes(text: string): string {
  const first = text[0];
  const isQuoted = text.length >= 2 && first === text[text.length - 1] && (first === '"' || first === "'");
  return isQuoted ? text.slice(1, -1) : text;
}

/** `path` or `key=path`; without a key, the file's own name. */
function splitFileSource(source: Scalar): { readonly key: string; readonly path: string } {
  const { text, at } = source;
  const parts = text.split('=');
  const [key = '', path = ''] = parts;
  if (parts.length === 1) return { key: baseName(text), path: text };
  if (parts.length > 2) throw new Refusal(`source "${text}" key name or file path contains '='`, at);
  if (key === '') throw new Refusal(`missing key name for file path "${path}" in source "${text}"`, at);
  if (path === '') throw new Refusal(`missing file path for key name "${key}" in source "${text}"`, at);
  return { key, path };
}

function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? (path === '' ? '.' : '/') : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

function fromFile(source: Scalar, context: StepContext): DataValue {
  const { key, path } = splitFileSource(source);
  const file = load(context.loader, path, source.at);
  const isText = isUtf8(file);
  return {
    key,
    keyAt: source.at,
    text: isText ? file.text : '',
    isText,
    bytes: () => file.bytes,
    at: { file: file.name, start: 0, end: file.text.length },
  };
}

const validity = new WeakMap<SourceFile, boolean>();

/** Whether a file is UTF-8: a text that lost bytes in decoding holds the replacement character. */
function isUtf8(file: SourceFile): boolean {
  let valid = validity.get(file);
  if (valid === undefined) {
    valid = !file.text.includes('\ufffd') || sameBytes(utf8ToBytes(file.text), file.bytes);
    validity.set(file, valid);
  }
  return valid;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function fromEnvFile(path: Scalar, context: StepContext): readonly DataValue[] {
  const file = load(context.loader, path.text, path.at);
  if (!isUtf8(file)) throw new Refusal(`line 0 of '${path.text}' has invalid utf8 bytes`, path.at);
  const out: DataValue[] = [];
  let start = file.text.startsWith('\ufeff') ? 1 : 0;
  while (start < file.text.length) {
    const newline = file.text.indexOf('\n', start);
    const end = newline < 0 ? file.text.length : newline;
    const value = fromEnvLine(file, start, file.text[end - 1] === '\r' && newline >= 0 ? end - 1 : end);
    if (value !== undefined) out.push(value);
    start = end + 1;
  }
  return out;
}

function fromEnvLine(file: SourceFile, start: number, end: number): DataValue | undefined {
  const raw = file.text.slice(start, end);
  const line = raw.replace(/^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, '');
  if (line === '' || line.startsWith('#')) return undefined;
  const from = end - line.length;
  const equals = line.indexOf('=');
  const key = equals < 0 ? line : line.slice(0, equals);
  if (key === '') return undefined;
  const at = { file: file.name, start: equals < 0 ? from : from + equals + 1, end };
  return ofText(key, equals < 0 ? '' : line.slice(equals + 1), at, {
    file: file.name,
    start: from,
    end: from + key.length,
  });
}
