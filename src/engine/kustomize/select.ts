/** Which resources a `target`, `select` or `reject` names: anchored RE2 patterns and Kubernetes' selector syntax. */
import { compileRegexp } from '../go/regexp.ts';
import { get, type Mapping, type Origin, type Scalar } from '../yaml/node.ts';
import type { Gvk } from './fieldspec.ts';
import type { Selector } from './kustomization.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import { effectiveNamespace, gvkOf } from './resource.ts';

type Test = (text: string) => boolean;

const always: Test = () => true;

/** A test for a pattern that must match the whole text; an empty one matches all. */
function anchored(pattern: Scalar | undefined): Test {
  if (pattern === undefined || pattern.text === '') return always;
  const { text } = pattern;
  if (/^[\w/:-]+$/.test(text)) return (each) => each === text;
  const compiled = compileRegexp(`^(?:${text})$`);
  if (!compiled.ok) throw new Refusal(compiled.error, pattern.at);
  return compiled.regexp.test;
}

export interface IdTest {
  readonly gvk: (gvk: Gvk) => boolean;
  readonly name: Test;
  readonly namespace: Test;
}

export function idTest(selector: Selector): IdTest {
  const group = anchored(selector.group);
  const version = anchored(selector.version);
  const kind = anchored(selector.kind);
  return {
    gvk: (gvk) => group(gvk.group) && version(gvk.version) && kind(gvk.kind),
    name: anchored(selector.name),
    namespace: anchored(selector.namespace),
  };
}

/** Indexes of the resources that a patch target selects, by what they are called or were first called. */
export function select(map: ResMap, selector: Selector): readonly number[] {
  const id = idTest(selector);
  const byLabel = labelTest(selector.labelSelector);
  const byAnnotation = labelTest(selector.annotationSelector);
  const out: number[] = [];
  for (const [index, of] of map.resources.entries()) {
    if (!id.gvk(gvkOf(of.node))) continue;
    const current = map.current(of);
    const original = map.original(of);
    if (!id.namespace(effectiveNamespace(original)) && !id.namespace(effectiveNamespace(current))) continue;
    if (!id.name(original.name) && !id.name(current.name)) continue;
    if (byLabel(of.node, 'labels') && byAnnotation(of.node, 'annotations')) out.push(index);
  }
  return out;
}

/** A test of an object's labels or annotations. */
export type MetadataTest = (node: Mapping, field: 'labels' | 'annotations') => boolean;

export function labelTest(selector: Scalar | undefined): MetadataTest {
  if (selector === undefined || selector.text.trim() === '') return () => true;
  const requirements = parseSelector(selector.text, selector.at);
  return (node, field) => {
    const map = get(get(node, 'metadata'), field);
    const values = new Map<string, string>();
    for (const { key, value } of map?.kind === 'mapping' ? map.entries : []) {
      values.set(key.text, value.kind === 'scalar' ? value.text : '');
    }
    return requirements.every((requirement) => requirement(values));
  };
}

type Requirement = (values: ReadonlyMap<string, string>) => boolean;

/** Kubernetes' label selector: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, joined by commas. */
function parseSelector(text: string, at: Origin): readonly Requirement[] {
  const tokens = text.match(/!=|==|=|!|>|<|\(|\)|,|[^\s=!<>(),]+/g) ?? [];
  let position = 0;
  const fail = (): never => {
    const found = tokens[Math.min(position, tokens.length - 1)] ?? '';
    throw new Refusal(`unable to parse requirement: found '${found}' where it makes no sense in '${text}'`, at);
  };
  const word = (): string => {
    const token = tokens[position];
    if (token === undefined || /^[=!<>(),]/.test(token)) return fail();
    position++;
    return token;
  };
  const value = (): string => {
    const token = tokens[position];
    if (token === undefined || token === ',' || token === ')') return '';
    return word();
  };
  const out: Requirement[] = [];
  while (position < tokens.length) {
    out.push(requirement());
    if (position < tokens.length && tokens[position++] !== ',') fail();
    else if (position === tokens.length && tokens[position - 1] === ',') fail();
  }
  return out;

  function requirement(): Requirement {
    if (tokens[position] === '!') {
      position++;
      const absent = checkKey(word(), at);
      return (values) => !values.has(absent);
    }
    const key = checkKey(word(), at);
    const operator = tokens[position];
    if (operator === undefined || operator === ',') return (values) => values.has(key);
    position++;
    if (operator === '=' || operator === '==') {
      const wanted = value();
      return (values) => values.get(key) === wanted;
    }
    if (operator === '!=') {
      const unwanted = value();
      return (values) => values.get(key) !== unwanted;
    }
    if (operator === '>' || operator === '<') {
      const bound = Number(word());
      if (!Number.isInteger(bound)) fail();
      return (values) => {
        const have = Number(values.get(key));
        return values.has(key) && Number.isInteger(have) && (operator === '>' ? have > bound : have < bound);
      };
    }
    if (operator !== 'in' && operator !== 'notin') return fail();
    const set = values();
    if (operator === 'in') return (have) => have.has(key) && set.has(have.get(key)!);
    return (have) => !have.has(key) || !set.has(have.get(key)!);
  }

  function values(): ReadonlySet<string> {
    if (tokens[position++] !== '(') fail();
    const out = new Set<string>();
    if (tokens[position] === ')') fail();
    for (;;) {
      out.add(value());
      const next = tokens[position++];
      if (next === ')') return out;
      if (next !== ',') fail();
    }
  }
}

function checkKey(key: string, at: Origin): string {
  const name = key.slice(key.indexOf('/') + 1);
  if (/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name)) return key;
  throw new Refusal(`key: Invalid value: "${key}": name part must consist of alphanumeric characters`, at);
}
