/** Judges one scalar: its type, enumeration, form and bounds. */
import { RE2JS } from 're2js';
import type { Scalar } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { formatHints, hasFormat, integerRanges } from './formats.ts';
import { type Judge, type Path, pathText, quoted, report } from './judge.ts';
import type { Schema } from './schema.ts';
import { nearest } from './suggest.ts';

type Value = ReturnType<typeof resolve>;

/** Reports what is wrong with a scalar that is neither null nor opaque. */
export function judgeScalar(scalar: Scalar, schema: Schema, path: Path, judge: Judge): void {
  // Kustomize reads the file before anything else does, so its dialect decides what the text is.
  const value = resolve(scalar, 'kyaml');
  if (!hasType(value, schema)) {
    if (isAnnotation(path)) return;
    const wanted = wantedType(schema);
    const hint = wanted === 'a string' && typeof value !== 'string' ? ': write it in quotes' : '';
    const found = judge.secret ? typeName(value) : `${typeName(value)} ${scalar.text.slice(0, 60)}`;
    report(judge, 'schema-type', path, scalar.at, `${pathText(path)} must be ${wanted}, not ${found}${hint}.`);
    return;
  }
  if (schema.enum !== undefined && !inEnum(value, schema.enum, judge)) {
    const texts = schema.enum.map(String);
    const near = nearest(scalar.text, texts);
    const list = texts.length > 20 ? `${texts.slice(0, 20).join(', ')}, …` : texts.join(', ');
    const message = `${pathText(path)} must be one of ${list}; ${quoted(judge, scalar)} is not.`;
    report(judge, 'schema-enum', path, scalar.at, message, near === undefined ? {} : { suggestion: near });
    return;
  }
  if (judge.builtin && schema.format === 'int32' && !isWithin(value, 'int32')) {
    const message = `${pathText(path)} does not fit into 32 bits: the server would cut off ${quoted(judge, scalar)}.`;
    report(judge, 'schema-value', path, scalar.at, message, { severity: 'warning' });
    return;
  }
  const wrong =
    typeof value === 'string' ? wrongText(value, schema) : isNumber(value) ? wrongNumber(value, schema) : undefined;
  if (wrong === undefined) return;
  const message = `${pathText(path)} must be ${wrong}; ${quoted(judge, scalar)} is not.`;
  report(judge, 'schema-value', path, scalar.at, message);
}

/** Kustomize writes every annotation of an object as a string, whatever it was: only there is a number none the worse. */
function isAnnotation(path: Path): boolean {
  return path.at(-3) === 'metadata' && path.at(-2) === 'annotations' && path.length === 3;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isWithin(value: Value, format: string): boolean {
  const range = integerRanges[format];
  return range === undefined || !isNumber(value) || (value >= range[0] && value <= range[1]);
}

function inEnum(value: Value, values: readonly unknown[], judge: Judge): boolean {
  return values.includes(value) || (judge.builtin && value === '');
}

function hasType(value: Value, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') {
    return typeof value === 'string' || isInteger(value);
  }
  if (schema.format === 'quantity')
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  switch (schema.type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
    case 'array':
      return false;
    default:
      return true;
  }
}

function isInteger(value: Value): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** The schema's type as a message says it. */
export function wantedType(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') return 'a whole number or a string';
  if (schema.format === 'quantity') return formatHints.quantity!;
  const names = {
    string: 'a string',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    object: 'a mapping',
    array: 'a list',
  };
  return schema.type === undefined ? 'another type' : names[schema.type];
}

function typeName(value: Value): string {
  if (typeof value === 'string') return 'the string';
  if (typeof value === 'boolean') return 'the boolean';
  return value === null ? 'null' : 'the number';
}

const durationPattern = /^\^\(\[0-9\]\+\(\\\.\[0-9\]\+\)\?\(ms\|s\|m\|h\)\)\+\$$/;

/** What the text should be, when it is not. */
function wrongText(text: string, schema: Schema): string | undefined {
  const length = [...text].length;
  if (schema.minLength !== undefined && length < schema.minLength) {
    return schema.minLength === 1 ? 'not empty' : `at least ${schema.minLength} characters long`;
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) return `at most ${schema.maxLength} characters long`;
  if (schema.pattern !== undefined && !matches(schema.pattern, text)) {
    return durationPattern.test(schema.pattern)
      ? 'a duration such as 30s, 10m or 1h30m'
      : `of the form ${schema.pattern}`;
  }
  if (schema.format !== undefined && !hasFormat(schema.format, text)) return formatHints[schema.format];
  return undefined;
}

const compiled = new Map<string, { test(text: string): boolean } | undefined>();

/** RE2, as the server: linear time, whatever the pattern. A pattern that does not compile is no constraint. */
function matches(pattern: string, text: string): boolean {
  if (!compiled.has(pattern)) {
    try {
      compiled.set(pattern, RE2JS.compile(pattern));
    } catch {
      compiled.set(pattern, undefined);
    }
  }
  return compiled.get(pattern)?.test(text) ?? true;
}

/** What the number should be, when it is not. */
function wrongNumber(value: number | bigint, schema: Schema): string | undefined {
  const format = schema.format === 'int-or-string' ? 'int32' : (schema.format ?? '');
  const range = integerRanges[format];
  if (range !== undefined && isInteger(value) && !isWithin(value, format)) {
    return `between ${range[0]} and ${range[1]}`;
  }
  const { minimum, maximum } = schema;
  if (minimum !== undefined && (value < minimum || (schema.exclusiveMinimum && Number(value) === minimum))) {
    return `${schema.exclusiveMinimum ? 'more than' : 'at least'} ${minimum}`;
  }
  if (maximum !== undefined && (value > maximum || (schema.exclusiveMaximum && Number(value) === maximum))) {
    return `${schema.exclusiveMaximum ? 'less than' : 'at most'} ${maximum}`;
  }
  if (schema.multipleOf !== undefined && Number(value) % schema.multipleOf !== 0)
    return `a multiple of ${schema.multipleOf}`;
  return undefined;
}
