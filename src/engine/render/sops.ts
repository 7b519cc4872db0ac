/**
 * SOPS in memory: values are opened with AES-GCM, data keys with age. Nothing is ever written; what was opened is told,
 * so that it can be masked. Opening a data key takes time (age is asynchronous), so keys are unlocked before a render and
 * the render itself answers at once.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { armor, Decrypter } from 'age-encryption';
import { compileRegexp, type Regexp } from '../go/regexp.ts';
import { get, getPath, type Mapping, type Node, remove, type Scalar, text } from '../yaml/node.ts';
import { fromJson, resolve } from '../yaml/resolve.ts';

/** Data keys that were unlocked, by the text that held them. */
export type DataKeys = ReadonlyMap<string, Uint8Array>;

/** The encrypted data keys of a document's `sops` block. */
export function lockedKeys(document: Node): readonly string[] {
  const list = getPath(document, ['sops', 'age']);
  return (list?.kind === 'sequence' ? list.items : []).flatMap((item) => text(get(item, 'enc'))?.trim() ?? []);
}

/** Unlocks what the identities (`AGE-SECRET-KEY-1…`) can; the rest stays locked. */
export async function unlock(locked: Iterable<string>, identities: readonly string[]): Promise<DataKeys> {
  const keys = new Map<string, Uint8Array>();
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  for (const enc of identities.length === 0 ? [] : new Set(locked)) {
    try {
      keys.set(enc, await decrypter.decrypt(armor.decode(enc)));
    } catch {
      // Made for somebody else, or damaged: it stays locked, and whoever needs it says so.
    }
  }
  return keys;
}

/** Whether SOPS closed an object: it has a `sops` block with a `mac`. */
export function isEncrypted(object: Node): boolean {
  return text(getPath(object, ['sops', 'mac'])) !== undefined;
}

export type Opened =
  | { readonly node: Mapping; readonly secretValues: readonly string[]; readonly intact: boolean }
  | { readonly message: string };

/** The object in the clear, without its `sops` block. `intact` tells whether its checksum is right; Flux does not look. */
export function openObject(object: Mapping, keys: DataKeys): Opened {
  const key = lockedKeys(object)
    .map((enc) => keys.get(enc))
    .find((found) => found !== undefined);
  if (key === undefined) return { message: 'no key at hand opens it' };
  const sops = get(object, 'sops')!;
  const rules = rulesOf(sops);
  const secretValues: string[] = [];
  const hash = sha512.create();
  const onlyEncrypted = text(get(sops, 'mac_only_encrypted')) === 'true';
  if (onlyEncrypted) hash.update(macOnlyEncrypted);
  let fault: string | undefined;

  const open = (node: Node, path: readonly string[]): Node => {
    if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => open(item, path)) };
    if (node.kind === 'mapping') {
      const entries = node.entries.map(({ key: name, value }) => ({
        key: name,
        value: open(value, [...path, name.text]),
      }));
      return { ...node, entries };
    }
    const selected = isSelected(rules, path);
    const value = selected ? openScalar(node, path) : resolve(node, 'kyaml');
    if (value !== null && (selected || !onlyEncrypted)) hash.update(new TextEncoder().encode(asText(value)));
    if (!selected) return node;
    if (typeof value === 'string' && value !== '') secretValues.push(value);
    return fromJson(value, node.at);
  };
  const openScalar = (node: Scalar, path: readonly string[]) => {
    const closed = resolve(node, 'kyaml');
    if (closed === null || closed === '') return closed;
    const value = typeof closed === 'string' ? openValue(closed, key, `${path.join(':')}:`) : undefined;
    if (value === undefined) fault ??= `${path.join('.')} is not encrypted as its sops block says, or was changed`;
    return value ?? closed;
  };

  const node = open(remove(object, 'sops'), []) as Mapping;
  if (fault !== undefined) return { message: fault };
  const mac = openValue(text(get(sops, 'mac')) ?? '', key, text(get(sops, 'lastmodified')) ?? '');
  const intact = mac === hex(hash.digest());
  return { node, secretValues, intact };
}

/** What SOPS mixes into the checksum when only encrypted values count, so that the two kinds never agree. */
const macOnlyEncrypted = sha256(new TextEncoder().encode('sops'));

/** One `ENC[…]`; undefined when it is none, or does not open. */
function openValue(closed: string, key: Uint8Array, about: string): string | number | boolean | undefined {
  const match = /^ENC\[AES256_GCM,data:(.*),iv:(.+),tag:(.+),type:(.+)\]/s.exec(closed);
  if (match === null) return undefined;
  try {
    const [data, iv, tag] = [bytes(match[1]!), bytes(match[2]!), bytes(match[3]!)];
    const sealed = new Uint8Array([...data, ...tag]);
    const plain = new TextDecoder().decode(gcm(key, iv, new TextEncoder().encode(about)).decrypt(sealed));
    switch (match[4]) {
      case 'int':
      case 'float':
        return Number(plain);
      case 'bool':
        return plain.toLowerCase() === 'true';
      default:
        return plain;
    }
  } catch {
    return undefined;
  }
}

function asText(value: string | number | boolean | bigint): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

interface Rules {
  readonly unencryptedSuffix?: string | undefined;
  readonly encryptedSuffix?: string | undefined;
  readonly unencryptedRegex?: Regexp | undefined;
  readonly encryptedRegex?: Regexp | undefined;
}

function rulesOf(sops: Node): Rules {
  const field = (name: string) => text(get(sops, name)) || undefined;
  const pattern = (name: string) => {
    const compiled = compileRegexp(field(name) ?? '');
    return field(name) !== undefined && compiled.ok ? compiled.regexp : undefined;
  };
  const named = ['encrypted_suffix', 'unencrypted_regex', 'encrypted_regex'].some((name) => field(name) !== undefined);
  return {
    unencryptedSuffix: field('unencrypted_suffix') ?? (named ? undefined : '_unencrypted'),
    encryptedSuffix: field('encrypted_suffix'),
    unencryptedRegex: pattern('unencrypted_regex'),
    encryptedRegex: pattern('encrypted_regex'),
  };
}

/** Which values a document's rules say are encrypted; a rule speaks about any key on the way. */
function isSelected(rules: Rules, path: readonly string[]): boolean {
  const any = (test: (part: string) => boolean) => path.some(test);
  let selected = true;
  if (rules.unencryptedSuffix !== undefined) selected = !any((part) => part.endsWith(rules.unencryptedSuffix!));
  if (rules.encryptedSuffix !== undefined) selected = any((part) => part.endsWith(rules.encryptedSuffix!));
  if (rules.unencryptedRegex !== undefined && any((part) => rules.unencryptedRegex!.test(part))) selected = false;
  if (rules.encryptedRegex !== undefined) selected = any((part) => rules.encryptedRegex!.test(part));
  return selected;
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

function hex(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
}
