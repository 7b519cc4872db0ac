/**
 * Values to text as the Go tools write it.
 *
 * kustomize and Helm turn a value into JSON and that into YAML with yaml.v2: keys sorted, comments and styles gone,
 * sequences not indented under their key, plain text folded at 80 columns. `print` writes a tree that way and can say
 * where each written key and value came from; `marshal` is the same for plain values (Helm's toYaml).
 */
import { Emitter, goYaml2, goYaml3, type Library } from './emitter.ts';
import type { Entry, Mapping, Node, Origin, Scalar } from './node.ts';
import { byCodePoint, type KeyOrder, keyOrder, keyOrderPretty } from './order.ts';
import { refold } from './refold.ts';
import { type Dialect, type Json, keyText, resolve, type ScalarValue, toJson } from './resolve.ts';

/** One printed scalar, mapping or sequence: where it stands in the output and where it came from. */
export interface Span {
  /** Offsets into the printed text. */
  readonly start: number;
  readonly end: number;
  readonly at: Origin;
}

/** The node as `sigs.k8s.io/yaml`'s JSONToYAML prints it; `dialect` says how its plain scalars are read first. */
export function print(node: Node, dialect: Dialect): string {
  const emitter = new Emitter(goYaml2);
  emitNode(emitter, node, dialect, 'root', undefined);
  emitter.end();
  return emitter.text;
}

/** Several documents joined as kustomize joins them. */
export function printAll(nodes: readonly Node[], dialect: Dialect): string {
  return nodes.map((node) => print(node, dialect)).join('---\n');
}

export interface Printed {
  readonly text: string;
  readonly spans: readonly Span[];
}

/** `print`, with a span for every key, scalar and collection: the map from a rendered line to its source line. */
export function printWithSpans(node: Node, dialect: Dialect): Printed {
  const emitter = new Emitter(goYaml2);
  const spans: Span[] = [];
  emitNode(emitter, node, dialect, 'root', spans);
  emitter.end();
  return { text: emitter.text, spans };
}

/** A tree as SOPS writes a plain YAML file: by yaml.v3, indented by four, its keys in their own order. */
export function printOrdered(node: Node): string {
  const emitter = new Emitter({ ...goYaml3, indent: 4 });
  emitJson(emitter, toJson(node, 'kyaml'), () => 0, 'root');
  emitter.end();
  return emitter.text;
}

/** A value as sigs.k8s.io/yaml's Marshal writes it (Helm's toYaml before it trims the last line break). */
export function marshal(value: Json): string {
  return write(value, goYaml2, keyOrder);
}

/** A value as yaml.v3 writes it with an indentation of two (Helm's toYamlPretty before it trims). */
export function marshalPretty(value: Json): string {
  return write(value, goYaml3, keyOrderPretty);
}

/** A value as yaml.v2 writes it once Flux has sorted its keys as plain strings, to take the digest of values. */
export function marshalByCodePoint(value: Json): string {
  return write(value, goYaml2, byCodePoint);
}

function write(value: Json, library: Library, order: KeyOrder): string {
  const emitter = new Emitter(library);
  emitJson(emitter, value, order, 'root');
  emitter.end();
  return emitter.text;
}

type Place = 'root' | 'mapping' | 'sequence';

function emitNode(emitter: Emitter, node: Node, dialect: Dialect, place: Place, spans: Span[] | undefined): void {
  if (spans === undefined) {
    emitContent(emitter, node, dialect, place, spans);
    return;
  }
  const span = { start: 0, end: 0, at: node.at };
  spans.push(span);
  emitter.expect(span);
  emitContent(emitter, node, dialect, place, spans);
  span.end = emitter.text.length;
}

function emitContent(emitter: Emitter, node: Node, dialect: Dialect, place: Place, spans: Span[] | undefined): void {
  if (node.kind === 'scalar') emitScalar(emitter, scalarValue(node, dialect));
  else if (node.kind === 'sequence') {
    if (node.items.length === 0) {
      emitter.token('[]');
      return;
    }
    const outer = emitter.openSequence(place === 'mapping');
    for (const item of node.items) {
      emitter.dash();
      emitNode(emitter, item, dialect, 'sequence', spans);
    }
    emitter.close(outer);
  } else if (node.entries.length === 0) emitter.token('{}');
  else {
    const outer = emitter.openMapping();
    for (const { key, value } of sorted(node, dialect)) {
      emitKey(emitter, keyText(key, dialect), key, spans);
      emitNode(emitter, node.flow && dialect === 'kyaml' ? quoteEmpty(value) : value, dialect, 'mapping', spans);
    }
    emitter.close(outer);
  }
}

/** Inside braces yaml.v3 writes an empty plain scalar as `''`, and kustomize reads it back as a string. */
export function quoteEmpty(value: Node): Node {
  const empty = value.kind === 'scalar' && value.text === '' && value.style === 'plain' && value.tag === undefined;
  return empty ? { ...value, style: 'single' } : value;
}

/** kustomize writes the node with yaml.v3 and reads it again before it prints: folded text may change on that way. */
export function scalarValue(node: Scalar, dialect: Dialect): ScalarValue {
  if (node.style === 'folded' && dialect === 'kyaml' && node.tag === undefined) return refold(node.text);
  return resolve(node, dialect);
}

function emitKey(emitter: Emitter, text: string, key: Scalar, spans: Span[] | undefined): void {
  if (spans === undefined) {
    emitter.colon(emitter.key(text));
    return;
  }
  const span = { start: 0, end: 0, at: key.at };
  spans.push(span);
  emitter.expect(span);
  const shape = emitter.key(text);
  span.end = emitter.text.length;
  emitter.colon(shape);
}

/** The entries in the order in which they are written: manifests are often sorted already. */
function sorted({ entries }: Mapping, dialect: Dialect): readonly Entry[] {
  for (let i = 1; i < entries.length; i++) {
    if (keyOrder(keyText(entries[i - 1]!.key, dialect), keyText(entries[i]!.key, dialect)) > 0) {
      return [...entries].sort((a, b) => keyOrder(keyText(a.key, dialect), keyText(b.key, dialect)));
    }
  }
  return entries;
}

function emitJson(emitter: Emitter, value: Json, order: KeyOrder, place: Place): void {
  if (value === null || typeof value !== 'object') emitScalar(emitter, value);
  else if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    if (items.length === 0) {
      emitter.token('[]');
      return;
    }
    const outer = emitter.openSequence(place === 'mapping');
    for (const item of items) {
      emitter.dash();
      emitJson(emitter, item, order, 'sequence');
    }
    emitter.close(outer);
  } else emitObject(emitter, value as { readonly [key: string]: Json }, order);
}

function emitObject(emitter: Emitter, object: { readonly [key: string]: Json }, order: KeyOrder): void {
  const keys = Object.keys(object).sort(order);
  if (keys.length === 0) {
    emitter.token('{}');
    return;
  }
  const outer = emitter.openMapping();
  for (const key of keys) {
    emitter.colon(emitter.key(key));
    emitJson(emitter, object[key]!, order, 'mapping');
  }
  emitter.close(outer);
}

function emitScalar(emitter: Emitter, value: ScalarValue): void {
  if (typeof value === 'string') emitter.string(value);
  else emitter.token(value === null ? 'null' : typeof value === 'number' ? numberText(value) : String(value));
}

/**
 * A number after its trip through JSON: integral values within 64 bits as integers, others as Go's shortest `%g`, with
 * an exponent below 1e-4 and from 1e6 for values that are not integral.
 */
function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e21) {
    const digits = BigInt(String(value));
    if (digits >= -(2n ** 63n) && digits < 2n ** 64n) return String(digits);
  }
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
