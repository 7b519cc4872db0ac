/**
 * Encrypted files that a kustomization takes in whole: sources of `secretGenerator` and patches. Flux opens them before the
 * build; what resources hold is opened after it. Also the files that a Secret's values hold.
 */
import { idOf } from '../objects/object.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import { joinPath, textFile } from '../sources/index.ts';
import { kustomizationFile } from '../workspace/index.ts';
import { get, getPath, type Mapping, mapping, type Node, sequence, set, str, text } from '../yaml/node.ts';
import { parse, parseFile } from '../yaml/parse.ts';
import { toJson } from '../yaml/resolve.ts';
import type { Decrypt } from './build.ts';
import { type DataKeys, isEncrypted, lockedKeys, openObject } from './sops.ts';
import { fromBase64 } from './variables.ts';

type Format = 'yaml' | 'json' | 'dotenv' | 'binary';

/** Every locked data key of a file, whatever its format. */
export function lockedKeysIn(file: SourceFile): readonly string[] {
  if (!file.text.includes('ENC[') && !file.text.includes('BEGIN AGE')) return [];
  if (/^sops_/m.test(file.text)) return lockedKeys(dotenvTree(file.text, file.name));
  return parse(file.text, file.name).documents.flatMap(({ root }) => (root === undefined ? [] : lockedKeys(root)));
}

/** Opens encrypted objects, and the encrypted files that a Secret holds. */
export function createDecryptor(keys: DataKeys): Decrypt {
  return (object) => {
    if (isEncrypted(object)) return openObject(object, keys);
    const data = get(object, 'data');
    if (idOf(object).kind !== 'Secret' || data?.kind !== 'mapping') return { node: object, secretValues: [] };
    const secretValues: string[] = [];
    let result = data;
    for (const { key, value } of data.entries) {
      const content = value.kind === 'scalar' ? fromBase64(value.text) : '';
      const format = markedFormat(content);
      if (format === undefined) continue;
      const opened = openFile(content, format, formatOf(key.text), keys);
      if ('message' in opened) return { message: `${key.text}: ${opened.message}` };
      secretValues.push(opened.text);
      result = set(result, key.text, str(toBase64(opened.text), value.at));
    }
    return { node: result === data ? object : set(object, 'data', result), secretValues };
  };
}

/** The tree with the sources of secret generators and the patches below `path` opened; a sentence where one cannot be. */
export function openedTree(tree: FileTree, path: string, keys: DataKeys): FileTree | { readonly message: string } {
  const opened = new Map<string, SourceFile>();
  const seen = new Set<string>();
  let fault: string | undefined;
  const open = (target: string, format: Format) => {
    const file = tree.file(target);
    if (file === undefined || opened.has(target) || markedFormat(file.text) === undefined) return;
    const plain = openFile(file.text, format, format, keys);
    if ('message' in plain) fault ??= `${file.name} cannot be decrypted: ${plain.message}`;
    else opened.set(target, textFile(file.name, plain.text));
  };
  const visit = (folder: string) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const file = kustomizationFile(tree, folder);
    const root = file === undefined ? undefined : parseFile(tree.file(file)!).documents[0]?.root;
    for (const generator of items(root, 'secretGenerator')) {
      for (const source of items(generator, 'files').flatMap((item) => text(item) ?? [])) {
        const equals = source.indexOf('=');
        open(joinPath(folder, source.slice(equals + 1)), formatOf(equals < 0 ? source : source.slice(0, equals)));
      }
      for (const source of [...items(generator, 'envs'), get(generator, 'env')].flatMap((item) => text(item) ?? [])) {
        const format = formatOf(source);
        open(joinPath(folder, source), format === 'binary' ? 'dotenv' : format);
      }
    }
    for (const patch of items(root, 'patches')) {
      const target = text(get(patch, 'path'));
      if (target !== undefined) open(climb(folder, target), formatOf(target));
    }
    for (const key of ['resources', 'components', 'bases']) {
      for (const target of items(root, key).flatMap((item) => text(item) ?? [])) {
        if (!/^[a-z]+:\/\//i.test(target) && tree.directory(climb(folder, target)) !== undefined)
          visit(climb(folder, target));
      }
    }
  };
  visit(path);
  if (fault !== undefined) return { message: fault };
  if (opened.size === 0) return tree;
  return { ...tree, file: (target) => opened.get(target) ?? tree.file(target) };
}

function items(from: Node | undefined, key: string): readonly Node[] {
  const list = get(from, key);
  return list?.kind === 'sequence' ? list.items : [];
}

function climb(folder: string, path: string): string {
  const parts = folder.split('/').filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function formatOf(name: string): Format {
  if (/\.ya?ml$/.test(name)) return 'yaml';
  if (/\.json$|\.dockerconfigjson$/.test(name)) return 'json';
  return name.endsWith('.env') ? 'dotenv' : 'binary';
}

/** How SOPS wrote a file, by the marks that it leaves; undefined when it did not. */
function markedFormat(content: string): Format | undefined {
  if (content.includes('"mac": "ENC[')) return 'json';
  if (content.includes('sops_mac=ENC[')) return 'dotenv';
  return content.includes('mac: ENC[') ? 'yaml' : undefined;
}

function openFile(
  content: string,
  from: Format,
  to: Format,
  keys: DataKeys,
): { readonly text: string } | { readonly message: string } {
  const root = from === 'dotenv' ? dotenvTree(content, '') : parse(content, '').documents[0]?.root;
  if (root?.kind !== 'mapping') return { message: 'it is not what SOPS writes' };
  const opened = openObject(root, keys);
  if ('message' in opened) return opened;
  const { node } = opened;
  if (to === 'binary') return { text: text(get(node, 'data')) ?? '' };
  if (to === 'dotenv') return { text: node.entries.map(({ key, value }) => `${key.text}=${lineOf(value)}\n`).join('') };
  if (to === 'json')
    return { text: JSON.stringify(toJson(node, 'kyaml'), (_, v) => (typeof v === 'bigint' ? Number(v) : v), '\t') };
  return { message: 'encrypted YAML files as generator sources are not supported' };
}

function lineOf(value: Node): string {
  return (text(value) ?? '').replaceAll('\n', '\\n');
}

/** A dotenv file as the tree that SOPS sees: its block is spelled in names such as `sops_age__list_0__map_enc`. */
function dotenvTree(content: string, file: string): Mapping {
  const at = { file, start: 0, end: 0 };
  const values: { key: ReturnType<typeof str>; value: Node }[] = [];
  const block = new Map<string, string>();
  for (const line of content.split('\n')) {
    const equals = line.indexOf('=');
    if (line === '' || line.startsWith('#') || equals < 0) continue;
    const [name, value] = [line.slice(0, equals), line.slice(equals + 1).replaceAll('\\n', '\n')];
    if (name.startsWith('sops_')) block.set(name.slice('sops_'.length), value);
    else values.push({ key: str(name, at), value: str(value, at) });
  }
  const age = [...block].filter(([name]) => /^age__list_\d+__map_enc$/.test(name));
  const list = sequence(
    age.map(([, enc]) => mapping([{ key: str('enc', at), value: str(enc, at) }], at)),
    at,
  );
  const plain = [...block].filter(([name]) => !name.includes('__'));
  const entries = plain.map(([name, value]) => ({ key: str(name, at), value: str(value, at) }));
  const sops = mapping([...entries, { key: str('age', at), value: list }], at);
  return mapping([...values, { key: str('sops', at), value: sops }], at);
}

function toBase64(plain: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(plain)));
}

/** Whether the annotation that switches decryption off is set. */
export function isDecryptionDisabled(object: Mapping): boolean {
  const value = text(getPath(object, ['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/decrypt']));
  return value?.toLowerCase() === 'disabled';
}
