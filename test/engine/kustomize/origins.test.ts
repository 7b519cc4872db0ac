/**
 * The proof that origins are true: change the scalar that a field's origin names, build again, and that field must have
 * changed. Run over the conformance set; the share is printed and may not fall.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { get, type Node, type Origin, type Scalar } from '../../../src/engine/yaml/node.ts';
import { parse } from '../../../src/engine/yaml/parse.ts';
import { buildFiles, conformance, type Files } from './kustomizer.ts';

type Path = readonly (string | number)[];

interface Field {
  readonly object: number;
  readonly path: Path;
  readonly node: Scalar;
}

const perCase = Number(process.env.ORIGIN_FIELDS ?? 3);

function readFiles(folder: string): Files {
  const out: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      const full = join(path, name);
      if (statSync(full).isDirectory()) visit(full);
      else out[relative(folder, full)] = readFileSync(full, 'utf8');
    }
  };
  visit(folder);
  return out;
}

function fieldsOf(node: Node, object: number, path: Path = []): Field[] {
  if (node.kind === 'scalar') return [{ object, path, node }];
  if (node.kind === 'sequence') return node.items.flatMap((item, index) => fieldsOf(item, object, [...path, index]));
  return node.entries.flatMap(({ key, value }) => fieldsOf(value, object, [...path, key.text]));
}

/** The file with the scalar at `at` changed into another of its kind; undefined when there is nothing there. */
function change(text: string, { start, end }: Origin): string | undefined {
  const old = text.slice(start, end);
  if (old.trim() === '') return undefined;
  const mutated = mutate(old);
  return text.slice(0, start) + mutated + text.slice(end);
}

function mutate(old: string): string {
  if (/^(true|false)$/.test(old)) return old === 'true' ? 'false' : 'true';
  if (/^\d+$/.test(old)) return `1${old}`;
  const trimmed = old.trimEnd();
  const space = old.slice(trimmed.length);
  // Into the middle, so that quotes, block headers and the `key=` of a literal stay what they are.
  const last = trimmed.at(-1)!;
  if (last === '"' || last === "'") return `${trimmed.slice(0, -1)}q${last}${space}`;
  return `${trimmed}q${space}`;
}

/** Where the mappings and lists of a file stand: the origins of what a whole entry made (the kind of a generated object). */
function collectionsOf(text: string): ReadonlySet<string> {
  const out = new Set<string>();
  const visit = (node: Node): void => {
    if (node.kind === 'scalar') return;
    out.add(`${node.at.start}:${node.at.end}`);
    if (node.kind === 'sequence') node.items.forEach(visit);
    else for (const { value } of node.entries) visit(value);
  };
  for (const { root } of parse(text, '').documents) if (root !== undefined) visit(root);
  return out;
}

function at(result: ReturnType<typeof buildFiles>, { object, path }: Field): Node | undefined {
  let here: Node | undefined = result.objects[object]?.node;
  for (const step of path) {
    here = typeof step === 'number' ? (here?.kind === 'sequence' ? here.items[step] : undefined) : get(here, step);
  }
  return here;
}

test.skipIf(!existsSync(conformance))(
  'changing what an origin names changes the field',
  () => {
    let asked = 0;
    let changed = 0;
    let refused = 0;
    let whole = 0;
    const wrong: string[] = [];
    for (const name of readdirSync(conformance)) {
      const folder = join(conformance, name);
      if (!existsSync(join(folder, 'expected.yaml')) || /Helm|helm/.test(name)) continue;
      const info = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as { path: string; options: object };
      const files = readFiles(join(folder, 'in'));
      const path = `/${info.path}`.replace(/\/$/, '') || '/';
      const loadRestrictor = JSON.stringify(info.options).includes('None') ? ('none' as const) : ('rootonly' as const);
      const built = buildFiles(files, path, { loadRestrictor });
      const fields = built.objects.flatMap(({ node }, object) => fieldsOf(node, object));
      const step = Math.max(1, Math.floor(fields.length / perCase));
      for (let index = 0; index < fields.length; index += step) {
        const field = fields[index]!;
        const text = files[field.node.at.file];
        const edited = text === undefined ? undefined : change(text, field.node.at);
        if (text !== undefined && collectionsOf(text).has(`${field.node.at.start}:${field.node.at.end}`)) {
          whole++;
          continue;
        }
        asked++;
        const where = `${name} ${field.path.join('.')} (${field.node.at.file}:${field.node.at.start})`;
        if (edited === undefined) {
          wrong.push(`${where}: nothing at its origin`);
          continue;
        }
        const again = buildFiles({ ...files, [field.node.at.file]: edited }, path, { loadRestrictor });
        const now = at(again, field);
        if (again.objects.length === 0) refused++;
        else if (now?.kind !== 'scalar' || now.text !== field.node.text) changed++;
        else wrong.push(`${where}: ${JSON.stringify(field.node.text)} stays`);
      }
    }
    const share = (changed / (asked - refused)) * 100;
    console.log(
      `origins: ${changed} of ${asked - refused} fields change with the scalar that their origin names (${share.toFixed(1)} %); ` +
        `${refused} more edits are refused, ${whole} fields come from no scalar but from a whole entry`,
    );
    if (process.env.SHOW) console.log(wrong.join('\n'));
    expect(share).toBeGreaterThan(99);
  },
  60_000,
);
