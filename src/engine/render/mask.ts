/**
 * Secrets as `flux build` prints them: what SOPS encrypted is masked. On the way the command rewrites every Secret, and
 * that shows: `stringData` loses its quotes (`"5432"` becomes a number), an empty `data` goes away.
 */
import { idOf } from '../objects/object.ts';
import { get, type Mapping, type Node, remove, set, str, text } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { fromBase64 } from './variables.ts';

const mask = '**SOPS**';
const dockerMask = `{"mask":"${mask}"}`;

/** The masked Secret; a sentence where flux refuses it. Other kinds as they are. */
export function maskEncrypted(object: Mapping): Mapping | string {
  if (idOf(object).kind !== 'Secret') return object;
  const mac = text(get(get(object, 'sops'), 'mac'));
  if (mac?.startsWith('ENC[')) {
    const value = text(get(object, 'type')) === 'kubernetes.io/dockerconfigjson' ? dockerMask : mask;
    return rewrite(
      remove(object, 'sops'),
      () => btoa(value),
      () => value,
    );
  }
  const data = get(object, 'data');
  if (data?.kind === 'mapping' && data.entries.some(({ value }) => !isBase64(textIn(value))))
    return `failed to mask secret ${idOf(object).name} sops data: illegal base64 data`;
  const encrypted = (value: string) => value.includes('sops') && value.includes('ENC[');
  return rewrite(
    object,
    (value) => (encrypted(fromBase64(value)) ? btoa(mask) : value),
    // Flux puts the encoded mask into stringData as well.
    (value) => (encrypted(value) ? btoa(mask) : value),
  );
}

function rewrite(object: Mapping, data: (v: string) => string, stringData: (v: string) => string): Mapping {
  const encoded = get(object, 'data');
  const changed =
    encoded?.kind === 'mapping' && encoded.entries.length > 0
      ? set(
          object,
          'data',
          mapValues(encoded, (value, at) => str(data(value), at.at)),
        )
      : remove(object, 'data');
  const plain = get(changed, 'stringData');
  if (plain?.kind !== 'mapping' || plain.entries.length === 0) return changed;
  const bare = (value: string, at: Node): Node => ({
    kind: 'scalar',
    text: stringData(value),
    style: 'plain',
    at: at.at,
  });
  return set(changed, 'stringData', mapValues(plain, bare));
}

function mapValues(map: Mapping, change: (value: string, node: Node) => Node): Mapping {
  return { ...map, entries: map.entries.map(({ key, value }) => ({ key, value: change(textIn(value), value) })) };
}

function textIn(node: Node): string {
  return node.kind === 'scalar' && resolve(node, 'kyaml') !== null ? node.text : '';
}

function isBase64(value: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replace(/[\r\n]/g, ''));
}
