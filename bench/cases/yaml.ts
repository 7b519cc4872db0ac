/** Reading and writing YAML: manifests as people write them, and CRDs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Node, parse, printAll, printWithSpans, toJson } from '../../src/engine/index.ts';
import { readData } from '../../src/io/data.ts';
import { writeFleet } from '../fleet.ts';
import { median, type Row, type Table } from '../measure.ts';

export function yaml(folder: string): readonly Table[] {
  writeFleet(folder, 50);
  const manifests = texts(folder).join('\n---\n');
  return [
    ...tables('a fleet of 50 × 20 manifests', manifests),
    ...tables("Flux's CRDs", readData('flux-crds.yaml').toString()),
  ];
}

function tables(name: string, text: string): readonly Table[] {
  const size = text.length;
  const roots = parse(text, 'bench.yaml').documents.flatMap(({ root }) => (root === undefined ? [] : [root]));
  const json = JSON.stringify(roots.map((root) => toJson(root, 'kyaml')));
  const title = `${name}, ${(size / 1e6).toFixed(2)} MB in one text`;
  return [
    {
      title: `read ${title}`,
      rows: [
        row('ours, with origins', size, () => void parse(text, 'bench.yaml')),
        row(
          'the yaml package',
          size,
          () => void parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false }),
          1,
        ),
        row('JSON.parse of the same values', json.length, () => void JSON.parse(json)),
      ],
    },
    {
      title: `write ${title}`,
      rows: [
        row('ours', size, () => void printAll(roots, 'kyaml')),
        row('ours, with spans', size, () => roots.forEach(spans)),
        row('JSON.stringify', json.length, () => void JSON.stringify(JSON.parse(json))),
      ],
    },
  ];
}

function spans(root: Node): void {
  printWithSpans(root, 'kyaml');
}

/** The median of warm runs. */
function row(what: string, size: number, work: () => void, warm = 5): Row {
  for (let i = 0; i < warm; i++) work();
  const time = median(warm === 1 ? 3 : 15, work);
  return { what, time, throughput: size / 1e3 / time };
}

function texts(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
