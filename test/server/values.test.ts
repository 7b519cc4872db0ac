/** Merged values as text: the comments never become part of a value, whatever the values are. */
import { expect, test } from 'vitest';
import { type Mapping, type Node, parse } from '../../src/engine/index.ts';
import { renderValues } from '../../src/server/values.ts';

const long = 'a b c d e f g h i j k l m n o p q r s t u v w x y z '.repeat(3);
const odd = `a: "x # y"
"k: 1 # z": v
"": e
b: |-
  l1
  l2
c: ""
d: null
e: []
f: "multi\\nline\\n"
g: ">"
h: "| x"
"|": "${long}: #x"
i: ${long}end
j: "  leading\\nspaces\\n\\n\\n"
lst: [[1], [2], {a: b}]
map: {inner: {}, deep: {x: 1}}
`;

test.each([
  ['plain values', 'a: 1\nb:\n  c: x\n'],
  ['odd values', odd],
])('%s read back as they were', (_, text) => {
  const values = rootOf(text);
  const document = renderValues(values, () => text);
  const back = rootOf(document.text);
  expect(plain(back)).toEqual(plain(values));
  for (const { start, end } of document.spans) expect(start <= end && end <= document.text.length).toBe(true);
});

test('every value has a comment: a list one at its key, a mapping one at each of its keys', () => {
  const { text } = renderValues(rootOf(odd), () => odd);
  expect(text.match(/ {2}# odd\.yaml:\d+$/gm)).toHaveLength(16);
});

test('spans still name the printed text', () => {
  const { text, spans } = renderValues(rootOf('a: one\nb: [two]\nc: three\n'), () => undefined);
  const printed = spans.map(({ start, end }) => text.slice(start, end));
  for (const value of ['one', 'two', 'three']) expect(printed).toContain(value);
  expect(text).toBe('a: one  # odd.yaml\nb:  # odd.yaml\n- two\nc: three  # odd.yaml\n');
});

function rootOf(text: string): Mapping {
  const { documents, problems } = parse(text, 'odd.yaml');
  expect(problems).toEqual([]);
  return documents[0]!.root as Mapping;
}

function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'sequence') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plain(value)]));
}
