/**
 * SOPS in memory: values are opened with AES-GCM, data keys with age. Nothing is ever written; what was opened is told,
 * so that it can be masked. Opening a data key takes time (age and PGP are asynchronous) and its key may lie in the
 * cluster: a render asks for it through a port, goes on without, and is made again when keys were found.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { armor, Decrypter } from 'age-encryption';
import { compileRegexp, type Regexp } from '../go/regexp.ts';
import { get, getPath, type Mapping, type Node, type Origin, remove, type Scalar, text } from '../yaml/node.ts';
import { fromJson, resolve } from '../yaml/resolve.ts';
import { combineShares } from './shamir.ts';

/** A data key in the clear by the armored text that holds it; undefined as long as nobody opened it. */
export type OpenKey = (locked: string) => Uint8Array | undefined;

/** One data key that a render asks for, and the Secret that its Kustomization names for it. */
export interface KeyQuery {
  readonly locked: string;
  readonly secret?: { readonly namespace: string; readonly name: string };
}

/** The armored data keys of a `sops` block, one list for each group; more than one group holds shares of the key. */
function keyGroups(sops: Node | undefined): readonly (readonly string[])[] {
  const groups = get(sops, 'key_groups');
  const all = groups?.kind === 'sequence' && groups.items.length > 0 ? groups.items : sops === undefined ? [] : [sops];
  return all.map((group) => [...armored(group, 'pgp'), ...armored(group, 'age')]);
}

function armored(group: Node, kind: string): readonly string[] {
  const list = get(group, kind);
  return (list?.kind === 'sequence' ? list.items : []).flatMap((item) => text(get(item, 'enc'))?.trim() || []);
}

/** The document's data key: of the one group, or put together of as many groups' shares as it takes. */
function dataKeyOf(sops: Node | undefined, open: OpenKey): Uint8Array | undefined {
  const groups = keyGroups(sops);
  const opened = groups.map((group) => group.map(open));
  const parts = opened.flatMap((group) => group.find((key) => key !== undefined) ?? []);
  if (groups.length <= 1) return parts[0];
  const needed = Number(text(get(sops, 'shamir_threshold')) ?? groups.length);
  return parts.length < needed ? undefined : combineShares(parts);
}

/** Services that hold keys nobody can point this program to. */
const services: Readonly<Record<string, string>> = {
  kms: 'AWS KMS',
  gcp_kms: 'GCP KMS',
  azure_kv: 'Azure Key Vault',
  hc_vault: 'HashiCorp Vault',
  hckms: 'Huawei Cloud KMS',
};

/** Why a document stays closed, in words that say what would open it. */
export function lockedBecause(sops: Node | undefined): string {
  const groups = get(sops, 'key_groups');
  const all = [sops, ...(groups?.kind === 'sequence' ? groups.items : [])];
  const isUsed = (name: string) =>
    all.some((group) => {
      const list = get(group, name);
      return list?.kind === 'sequence' && list.items.length > 0;
    });
  const unsupported = Object.keys(services)
    .filter(isUsed)
    .map((name) => services[name]!);
  const known = ['age', 'pgp'].filter(isUsed);
  if (unsupported.length === 0) return 'no key at hand opens it';
  const others = `keys of ${unsupported.join(' and ')} are not supported here`;
  return known.length === 0 ? others : `no ${known.join(' or ')} key at hand opens it, and ${others}`;
}

/** Whether a locked data key is PGP's; else it is age's. */
export function isPgp(locked: string): boolean {
  return locked.startsWith('-----BEGIN PGP');
}

/** Unlocks what the age identities (`AGE-SECRET-KEY-1…`) can; the rest stays locked. */
export async function unlockAge(
  locked: Iterable<string>,
  identities: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
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
  | { readonly node: Mapping; readonly secretValues: readonly string[] }
  /** `at`: the value that does not open. `locked`: only because no key is at hand. */
  | { readonly message: string; readonly at?: Origin; readonly locked?: true };

/** The object in the clear, without its `sops` block. Its checksum is not looked at, as Flux does not: see `isIntact`. */
export function openObject(object: Mapping, open: OpenKey): Opened {
  const opened = openDocuments([object], open);
  return 'message' in opened ? opened : { node: opened.nodes[0]!, secretValues: opened.secretValues };
}

/**
 * Whether the documents of a file still are what SOPS closed, by their checksum; undefined where that cannot be told:
 * no key, or rules that go by comments, which are not kept here.
 */
export function isIntact(documents: readonly Mapping[], open: OpenKey): boolean | undefined {
  const sops = get(documents[0], 'sops');
  if (text(get(sops, 'encrypted_comment_regex')) || text(get(sops, 'unencrypted_comment_regex'))) return undefined;
  const opened = openDocuments(documents, open);
  return 'message' in opened ? undefined : opened.intact();
}

/** Values that a document's rules say are encrypted and that are none: whoever opens the document stops there. */
export function plainValues(object: Mapping): readonly Scalar[] {
  const rules = rulesOf(get(object, 'sops')!);
  const found: Scalar[] = [];
  const visit = (node: Node, path: readonly string[]): void => {
    if (node.kind === 'sequence') for (const item of node.items) visit(item, path);
    else if (node.kind === 'mapping') for (const { key, value } of node.entries) visit(value, [...path, key.text]);
    else if (isSelected(rules, path) && !isClosed(node)) found.push(node);
  };
  visit(remove(object, 'sops'), []);
  return found;
}

function isClosed(node: Scalar): boolean {
  const value = resolve(node, 'kyaml');
  return value === null || value === '' || (typeof value === 'string' && closedForm.test(value));
}

export interface OpenedDocuments {
  readonly nodes: readonly Mapping[];
  readonly secretValues: readonly string[];
  intact(): boolean;
}

/** Documents of one file: they share the key, the rules and the checksum of the first. */
export function openDocuments(
  documents: readonly Mapping[],
  openKey: OpenKey,
): OpenedDocuments | Extract<Opened, { message: string }> {
  const sops = get(documents[0], 'sops');
  const key = dataKeyOf(sops, openKey);
  if (sops === undefined || key === undefined) return { message: lockedBecause(sops), locked: true };
  const rules = rulesOf(sops);
  const secretValues: string[] = [];
  const hash = sha512.create();
  const onlyEncrypted = text(get(sops, 'mac_only_encrypted')) === 'true';
  if (onlyEncrypted) hash.update(macOnlyEncrypted);
  let fault: { readonly message: string; readonly at: Origin } | undefined;

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
    if (value !== null && (selected || !onlyEncrypted))
      hash.update(new TextEncoder().encode(selected ? asText(value) : sopsText(node, value)));
    if (!selected) return node;
    if (value !== null && value !== '') secretValues.push(asText(value));
    return fromJson(value, node.at);
  };
  const openScalar = (node: Scalar, path: readonly string[]) => {
    const closed = resolve(node, 'kyaml');
    if (closed === null || closed === '') return closed;
    const value = typeof closed === 'string' ? openValue(closed, key, `${path.join(':')}:`) : undefined;
    if (value === undefined)
      fault ??= { message: `${path.join('.')} is not encrypted as its sops block says, or was changed`, at: node.at };
    return value ?? closed;
  };

  const nodes = documents.map((document) => open(remove(document, 'sops'), []) as Mapping);
  if (fault !== undefined) return fault;
  const mac = openValue(text(get(sops, 'mac')) ?? '', key, text(get(sops, 'lastmodified')) ?? '');
  return { nodes, secretValues, intact: () => mac === hex(hash.digest()) };
}

/** What SOPS mixes into the checksum when only encrypted values count, so that the two kinds never agree. */
const macOnlyEncrypted = sha256(new TextEncoder().encode('sops'));

const closedForm = /^ENC\[AES256_GCM,data:(.*),iv:(.+),tag:(.+),type:(.+)\]/s;

/** Whether a text is one encrypted value. */
export function isClosedText(value: string): boolean {
  return closedForm.test(value);
}

/** One `ENC[…]`; undefined when it is none, or does not open. */
function openValue(closed: string, key: Uint8Array, about: string): string | number | bigint | boolean | undefined {
  const match = closedForm.exec(closed);
  if (match === null) return undefined;
  try {
    const [data, iv, tag] = [bytes(match[1]!), bytes(match[2]!), bytes(match[3]!)];
    const sealed = new Uint8Array([...data, ...tag]);
    const plain = new TextDecoder().decode(gcm(key, iv, new TextEncoder().encode(about)).decrypt(sealed));
    switch (match[4]) {
      case 'int':
        return Number.isSafeInteger(Number(plain)) ? Number(plain) : BigInt(plain);
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
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? positional(value) : String(value);
}

/** A plain value as SOPS feeds it to the checksum: it reads what looks like a date as one. */
function sopsText(node: Scalar, value: string | number | boolean | bigint): string {
  const date = node.style === 'plain' && node.tag === undefined ? dateForm.exec(node.text) : null;
  if (typeof value !== 'string' || date === null) return asText(value);
  return date[2] === undefined ? `${date[1]}T00:00:00Z` : node.text;
}

const dateForm = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A number without an exponent, as Go's FormatFloat writes it in the format `f`. */
function positional(value: number): string {
  const [, sign, whole, fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (exponent === undefined || whole === undefined) return String(value);
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits.padEnd(point, '0')}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

interface Rules {
  /** Rules that go by comments, of which an object on its way to the cluster has none left. */
  readonly onlyCommented: boolean;
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
  const others = ['encrypted_suffix', 'unencrypted_regex', 'encrypted_regex', 'encrypted_comment_regex'];
  const named = [...others, 'unencrypted_comment_regex'].some((name) => field(name) !== undefined);
  return {
    onlyCommented: field('encrypted_comment_regex') !== undefined,
    unencryptedSuffix: field('unencrypted_suffix') ?? (named ? undefined : '_unencrypted'),
    encryptedSuffix: field('encrypted_suffix'),
    unencryptedRegex: pattern('unencrypted_regex'),
    encryptedRegex: pattern('encrypted_regex'),
  };
}

/** Which values a document's rules say are encrypted; a rule speaks about any key on the way. */
function isSelected(rules: Rules, path: readonly string[]): boolean {
  if (rules.onlyCommented) return false;
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
