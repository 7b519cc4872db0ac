/** What Helm decodes of every document before anything else: apiVersion, kind, name and annotations. */
import type { Node } from '../yaml/node.ts';
import { keyText, resolve } from '../yaml/resolve.ts';
import { type GoStruct, misfit, nameOf } from './decode.ts';
import { unprintableIn } from './unprintable.ts';

const metadata: GoStruct = {
  fields: { name: 'string', annotations: { values: 'string', name: 'map[string]string' } },
  name: String.raw`struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }`,
  short: '',
};

function headType(helm: 3 | 4): GoStruct {
  const name = `${helm === 3 ? 'releaseutil' : 'util'}.SimpleHead`;
  return { fields: { apiVersion: 'string', kind: 'string', metadata }, name, short: 'SimpleHead' };
}

const types = { 3: headType(3), 4: headType(4) };

/** The kind of a document, or the error's text. */
export function readHead(root: Node | undefined, printed: string, helm: 3 | 4): { readonly kind: string } | string {
  if (root === undefined) return { kind: '' };
  const unprintable = unprintableIn(printed, root);
  if (unprintable !== undefined) return `error converting YAML to JSON: ${unprintable}`;
  const wrong = misfit(root, types[helm]);
  if (wrong !== undefined) return wrong.message;
  const entries = root.kind === 'mapping' ? root.entries : [];
  const kind = entries.filter(({ key }) => nameOf(keyText(key, 'sigs'), types[helm]) === 'kind');
  const value = (kind.find(({ key }) => key.text === 'kind') ?? kind[0])?.value;
  return { kind: value?.kind === 'scalar' && resolve(value, 'sigs') !== null ? value.text : '' };
}
