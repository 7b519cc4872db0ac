/** Secrets that SOPS encrypted, as `flux build` shows them: every value replaced by a mask. */
import { idOf } from '../objects/object.ts';
import { get, type Mapping, type Node, remove, set, str, text } from '../yaml/node.ts';
import { fromBase64 } from './variables.ts';

const mask = '**SOPS**';
const dockerMask = `{"mask":"${mask}"}`;

export function maskEncrypted(object: Mapping): Mapping {
  if (idOf(object).kind !== 'Secret') return object;
  const mac = text(get(get(object, 'sops'), 'mac'));
  if (mac?.startsWith('ENC[')) {
    const value = text(get(object, 'type')) === 'kubernetes.io/dockerconfigjson' ? dockerMask : mask;
    let masked = remove(object, 'sops');
    masked = mapValues(masked, 'data', () => btoa(value));
    return mapValues(masked, 'stringData', () => value);
  }
  const encrypted = (value: string) => value.includes('sops') && value.includes('ENC[');
  const masked = mapValues(object, 'data', (value) => (encrypted(fromBase64(value)) ? btoa(mask) : value));
  // Flux puts the encoded mask into stringData as well.
  return mapValues(masked, 'stringData', (value) => (encrypted(value) ? btoa(mask) : value));
}

function mapValues(object: Mapping, section: string, change: (value: string) => string): Mapping {
  const map = get(object, section);
  if (map?.kind !== 'mapping') return object;
  const entries = map.entries.map((entry) => {
    if (entry.value.kind !== 'scalar') return entry;
    const changed = change(entry.value.text);
    const value: Node = changed === entry.value.text ? entry.value : str(changed, entry.value.at);
    return value === entry.value ? entry : { ...entry, value };
  });
  return entries.some((entry, i) => entry !== map.entries[i]) ? set(object, section, { ...map, entries }) : object;
}
