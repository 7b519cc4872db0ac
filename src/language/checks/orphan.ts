/** Manifests beside a kustomization file that does not name them: no build ever reads them. */
import { isObject } from '../../engine/index.ts';
import type { Fix } from '../answer.ts';
import type { KustomizationFile } from '../roles.ts';
import { roots } from '../subject.ts';
import type { Check } from './check.ts';

export const orphan: Check = function* ({ file, orphanOf }) {
  const first = roots(file).find((root) => isObject(root));
  if (orphanOf === undefined || first === undefined) return;
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  const at = first.entries[0]!.key.at;
  const fix = addToResources(orphanOf, name);
  const message = `The kustomization file of this folder does not name ${name}, so nothing builds it.`;
  yield {
    code: 'kustomize-file',
    severity: 'information',
    message,
    at,
    ...(fix === undefined ? {} : { fixes: [fix] }),
  };
};

/** A new last line of the list, written like the last one. */
function addToResources({ file, root }: KustomizationFile, name: string): Fix | undefined {
  const resources = root.entries.find((entry) => entry.key.text === 'resources')?.value;
  const last = resources?.kind === 'sequence' ? resources.items.at(-1) : undefined;
  const { text } = file.source;
  if (last === undefined || last.at.file !== file.source.name) return undefined;
  const dash = text.lastIndexOf('-', last.at.start);
  const column = dash - (text.lastIndexOf('\n', dash) + 1);
  const lineEnd = text.indexOf('\n', last.at.end);
  const end = lineEnd < 0 ? text.length : lineEnd;
  if (text.slice(dash - column, dash).trim() !== '') return undefined;
  const edit = { file: file.source.name, start: end, end, text: `\n${' '.repeat(column)}- ${name}` };
  return { title: `Add ${name} to the resources`, edits: [edit] };
}
