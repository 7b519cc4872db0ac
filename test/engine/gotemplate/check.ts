/** How the tests of this room render: a text and values in, text or Go's error out. */
import {
  addTemplate,
  execute,
  type FunctionTable,
  fromJson,
  fromNode,
  helmFunctions,
  map,
  newSet,
  parseTemplate,
  type Rendered,
  type Value,
} from '../../../src/engine/gotemplate/index.ts';
import { parse } from '../../../src/engine/yaml/parse.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';

export function sourceFile(name: string, text: string) {
  return { name, text, bytes: new TextEncoder().encode(text) };
}

export interface RenderOptions {
  readonly name?: string;
  readonly functions?: FunctionTable;
  readonly missingKey?: 'default' | 'zero' | 'error';
  readonly budget?: { readonly steps?: number; readonly size?: number };
}

/** Renders one template text. A text that does not parse gives its problem too. */
export function render(text: string, data: Value, options: RenderOptions = {}): Rendered {
  const name = options.name ?? 't';
  const functions = options.functions ?? helmFunctions;
  const parsed = parseTemplate(name, sourceFile(`templates/${name}`, text), functions);
  if (parsed.value === undefined) {
    return { text: '', value: { kind: 'string', text: '' }, segments: () => [], problems: parsed.problems };
  }
  const set = newSet();
  addTemplate(set, parsed.value);
  let dice = 1;
  const roll = () => {
    dice = (dice * 48271) % 2147483647;
    return dice & 255;
  };
  const random = { bytes: (count: number) => Uint8Array.from({ length: count }, roll) };
  return execute(set, name, data, {
    missingKey: 'zero',
    clock: { now: () => 1_700_000_000_000 },
    random,
    ...options,
    functions,
  });
}

/** `{ Values: … }` read from YAML text as Helm reads a values file; origins name `values.yaml`. */
export function valuesOf(yaml: string): Value {
  const root = parse(yaml, 'values.yaml', 'sigs').documents[0]?.root;
  return map([['Values', root === undefined ? fromJson({}) : fromNode(root, 'sigs')]]);
}

export function data(values: Json): Value {
  return map([['Values', fromJson(values)]]);
}
