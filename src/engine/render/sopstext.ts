/** The flat formats of SOPS as trees: dotenv and INI, whose `sops` block is spelled in names such as `age__list_0__map_enc`. */
import { type Entry, type Mapping, mapping, type Node, sequence, str, text } from '../yaml/node.ts';

const at = { file: '', start: 0, end: 0 };

/** A dotenv file as the tree that SOPS sees. */
export function dotenvTree(content: string): Mapping {
  const lines = content.split('\n').flatMap((line): readonly (readonly [string, string])[] => {
    const equals = line.indexOf('=');
    if (line === '' || line.startsWith('#') || equals < 0) return [];
    return [[line.slice(0, equals), unescaped(line.slice(equals + 1))]];
  });
  const isBlock = ([name]: readonly [string, string]) => name.startsWith('sops_');
  const values = lines.filter((line) => !isBlock(line)).map(entry);
  const block = lines.filter(isBlock).map(([name, value]) => [name.slice('sops_'.length), value] as const);
  return mapping([...values, { key: str('sops', at), value: unflatten(block) }], at);
}

/** A value on its line of a dotenv file. */
export function lineOf(value: Node): string {
  return (text(value) ?? '').replaceAll('\n', '\\n');
}

/** An INI file as the tree that SOPS sees: a mapping of sections. Keys before the first section are those of `DEFAULT`. */
export function iniTree(content: string): Mapping {
  const sections: { readonly name: string; readonly keys: (readonly [string, string])[] }[] = [
    { name: 'DEFAULT', keys: [] },
  ];
  for (const line of content.split('\n').map((each) => each.trim())) {
    const header = /^\[(.*)\]$/.exec(line);
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (header !== null) sections.push({ name: header[1]!, keys: [] });
    else if (pair !== null && !/^[#;]/.test(line)) sections.at(-1)!.keys.push([pair[1]!, unquoted(pair[2]!)]);
  }
  return mapping(
    sections.map(({ name, keys }) => ({
      key: str(name, at),
      value:
        name === 'sops' ? unflatten(keys.map(([key, value]) => [key, unescaped(value)])) : mapping(keys.map(entry), at),
    })),
    at,
  );
}

/** An INI file as SOPS writes it: equal signs of a section under each other, an empty line after each section. */
export function iniText(tree: Mapping): string {
  const sections = tree.entries.filter(({ value }) => value.kind === 'mapping' && value.entries.length > 0);
  const parts = sections.map(({ key: { text: name }, value }) => {
    const keys = value.kind === 'mapping' ? value.entries : [];
    const width = Math.max(0, ...keys.map(({ key }) => key.text.length));
    const lines = keys.map(({ key, value: each }) => `${key.text.padEnd(width)} = ${quoted(text(each) ?? '')}\n`);
    return `[${name}]\n${lines.join('')}`;
  });
  return `${parts.join('\n')}`;
}

/** `a\nb` in a dotenv line or in the block of an INI file. */
function unescaped(value: string): string {
  return value.replaceAll('\\n', '\n');
}

function unquoted(value: string): string {
  const match = /^(["'`])(.*)\1$/s.exec(value);
  return match === null ? value : match[2]!;
}

function quoted(value: string): string {
  return /[#;`\n\\]/.test(value) || value.trim() !== value ? `\`${value}\`` : value;
}

function entry([name, value]: readonly [string, string]): Entry {
  return { key: str(name, at), value: str(value, at) };
}

/** `age__list_0__map_enc` and its like as the tree that they name. */
function unflatten(flat: readonly (readonly [string, string])[]): Mapping {
  const children = new Map<string, (readonly [string, string])[]>();
  const entries: Entry[] = [];
  for (const [name, value] of flat) {
    const split = /^(.*?)__(list|map)_(.*)$/.exec(name);
    if (split === null) entries.push(entry([name, value]));
    else children.set(split[1]!, [...(children.get(split[1]!) ?? []), [`__${split[2]}_${split[3]}`, value]]);
  }
  for (const [name, rest] of children) entries.push({ key: str(name, at), value: branch(rest) });
  return mapping(entries, at);
}

/** What follows a name: `__list_0__map_enc` of several items, or `__map_key`. */
function branch(rest: readonly (readonly [string, string])[]): Node {
  if (!rest[0]![0].startsWith('__list_'))
    return unflatten(rest.map(([name, value]) => [name.slice('__map_'.length), value]));
  const byIndex = new Map<number, (readonly [string, string])[]>();
  for (const [name, value] of rest) {
    const [, index, below = ''] = /^__list_(\d+)(.*)$/.exec(name) ?? [];
    if (index === undefined) continue;
    byIndex.set(Number(index), [...(byIndex.get(Number(index)) ?? []), [below, value]]);
  }
  const sorted = [...byIndex].sort(([a], [b]) => a - b);
  return sequence(
    sorted.map(([, parts]) => (parts[0]![0] === '' ? str(parts[0]![1], at) : branch(parts))),
    at,
  );
}
