/** Whether a stored revision was made from the same chart and values: then Helm would not be run again. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ReleaseContent } from '../render/desired.ts';
import { at, isObject, type JsonObject, listAt, stringAt } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Json } from '../yaml/resolve.ts';
import { makeRecord } from './make.ts';
import type { ReleaseRecord } from './record.ts';

/** A render that is kept is not taken apart again. */
const known = new WeakMap<ReleaseContent, string>();

export function madeFrom({ json }: ReleaseRecord, content: ReleaseContent): boolean {
  const wanted = known.get(content) ?? inputsOf(recordOf(content));
  known.set(content, wanted);
  return inputsOf(json) === wanted;
}

function recordOf(content: ReleaseContent): JsonObject {
  const about = { name: '', namespace: '', revision: 1, status: '', description: '' };
  return makeRecord({ ...content, manifest: [] }, { ...about, firstDeployed: '', lastDeployed: '' }).json;
}

/** Chart and values without the times of files, which depend on how the chart came here. */
function inputsOf(record: JsonObject): string {
  const chart = at(record, 'chart');
  const inputs: Json = [
    metadataOf(chart),
    at(chart, 'values') ?? null,
    at(chart, 'schema') || null,
    stringAt(chart, 'lock', 'digest'),
    filesIn(chart, 'templates'),
    filesIn(chart, 'files'),
    isObject(record.config) ? record.config : {},
  ];
  return bytesToHex(sha256(utf8ToBytes(canonical(inputs))));
}

/** Without `import-values`: who wrote the record decides whether they are in it, and in which form. */
function metadataOf(chart: Json | undefined): Json {
  const metadata = at(chart, 'metadata');
  if (!isObject(metadata) || !Array.isArray(metadata.dependencies)) return metadata ?? null;
  const dependencies = (metadata.dependencies as readonly Json[]).map((one) => {
    if (!isObject(one)) return one;
    const { 'import-values': _taken, ...rest } = one;
    return rest;
  });
  return { ...metadata, dependencies };
}

function filesIn(chart: Json | undefined, place: string): Json {
  const files = listAt(chart, place).map((file) => [stringAt(file, 'name'), stringAt(file, 'data')]);
  return files.sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0));
}
