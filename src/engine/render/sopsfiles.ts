/**
 * Encrypted files that a kustomization takes in whole: sources of `secretGenerator` and patches. Flux opens them before the
 * build; what resources hold is opened after it. Also the files that a Secret's values hold.
 */
import { encodeBase64 } from '../go/base64.ts';
import { idOf } from '../objects/object.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import { joinPath, textFile } from '../sources/index.ts';
import { kustomizationFile } from '../workspace/index.ts';
import { get, getPath, type Mapping, type Node, set, str, text } from '../yaml/node.ts';
import { parse, parseFile } from '../yaml/parse.ts';
import { printOrdered } from '../yaml/print.ts';
import { toJson } from '../yaml/resolve.ts';
import type { Decrypt } from './build.ts';
import { isClosedText, isEncrypted, lockedBecause, type OpenKey, openDocuments, openObject } from './sops.ts';
import { dotenvTree, iniText, iniTree, lineOf } from './sopstext.ts';
import { fromBase64 } from './variables.ts';

type Format = 'yaml' | 'json' | 'dotenv' | 'ini' | 'binary';

type OpenedFile =
  | { readonly text: string; readonly secretValues: readonly string[] }
  | { readonly message: string; readonly locked?: true };

/** Opens encrypted objects, and the encrypted files that a Secret holds. */
export function createDecryptor(open: OpenKey): Decrypt {
  return (object) => {
    if (isEncrypted(object)) return openObject(object, open);
    const data = get(object, 'data');
    if (idOf(object).kind !== 'Secret' || data?.kind !== 'mapping') return { node: object, secretValues: [] };
    const secretValues: string[] = [];
    let result = data;
    for (const { key, value } of data.entries) {
      const content = value.kind === 'scalar' ? fromBase64(value.text) : '';
      // A line of a dotenv file that stayed closed before the build.
      if (isClosedText(content)) return { message: `${key.text}: ${lockedBecause(undefined)}`, locked: true };
      const format = markedFormat(content);
      if (format === undefined) continue;
      const opened = openFile(content, format, formatOf(key.text), open);
      if ('message' in opened) return { ...opened, message: `${key.text}: ${opened.message}` };
      secretValues.push(...opened.secretValues);
      result = set(result, key.text, str(toBase64(opened.text), value.at));
    }
    return { node: result === data ? object : set(object, 'data', result), secretValues };
  };
}

/**
 * The tree with the sources of secret generators and the patches below `path` opened; a sentence where one is not what it
 * says. What no key at hand opens stays as it is: the object that holds it says so after the build.
 */
export function openedTree(tree: FileTree, path: string, openKey: OpenKey): OpenedTree | { readonly message: string } {
  const opened = new Map<string, SourceFile>();
  const secretValues: string[] = [];
  const seen = new Set<string>();
  let fault: string | undefined;
  const open = (target: string, format: Format) => {
    const file = tree.file(target);
    if (file === undefined || opened.has(target) || !file.text.includes(marks[format])) return;
    if (file.bytes.length > maxEncrypted) fault ??= `${file.name} is larger than the 5 MiB that Flux decrypts`;
    const plain = openFile(file.text, format, format, openKey);
    if ('text' in plain) {
      opened.set(target, textFile(file.name, plain.text));
      secretValues.push(...plain.secretValues);
    } else if (plain.locked === undefined) fault ??= `${file.name} cannot be decrypted: ${plain.message}`;
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
      for (const source of items(generator, 'envs').flatMap((item) => text(item) ?? [])) {
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
  if (opened.size === 0) return { tree, secretValues };
  return { tree: { ...tree, file: (target) => opened.get(target) ?? tree.file(target) }, secretValues };
}

export interface OpenedTree {
  readonly tree: FileTree;
  /** What was opened, as text and as a Secret's data would hold it. */
  readonly secretValues: readonly string[];
}

/** Flux opens no file larger than this. */
const maxEncrypted = 5 * 1024 * 1024;

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
  if (name.endsWith('.ini')) return 'ini';
  return name.endsWith('.env') ? 'dotenv' : 'binary';
}

/** What Flux looks for in a file before it opens it. */
const marks: Readonly<Record<Format, string>> = {
  yaml: 'mac: ENC[',
  json: '"mac": "ENC[',
  dotenv: 'sops_mac=ENC[',
  ini: '[sops]',
  binary: '"mac": "ENC[',
};

/** How SOPS wrote a file, by the marks that it leaves; undefined when it did not. */
function markedFormat(content: string): Format | undefined {
  const formats = ['json', 'dotenv', 'ini', 'yaml'] as const;
  return formats.find((format) => content.includes(marks[format]));
}

function openFile(content: string, from: Format, to: Format, openKey: OpenKey): OpenedFile {
  const documents = documentsOf(content, from);
  if (documents === undefined) return { message: 'it is not what SOPS writes' };
  if (from === 'yaml' && to === 'yaml' && /^\s*#ENC\[/m.test(content))
    return { message: 'encrypted comments in files that are taken in whole are not supported' };
  const opened = openDocuments(documents, openKey);
  if ('message' in opened) return opened;
  const written = writtenAs(to, opened.nodes);
  const plain = [written, ...opened.secretValues];
  return { text: written, secretValues: [...plain, ...plain.map(toBase64)] };
}

function writtenAs(format: Format, nodes: readonly Mapping[]): string {
  const node = nodes[0]!;
  switch (format) {
    case 'binary':
      return text(get(node, 'data')) ?? '';
    case 'dotenv':
      return node.entries.map(({ key, value }) => `${key.text}=${lineOf(value)}\n`).join('');
    case 'ini':
      return iniText(node);
    case 'json':
      return `${JSON.stringify(toJson(node, 'kyaml'), (_, v) => (typeof v === 'bigint' ? Number(v) : v), '\t')}\n`;
    case 'yaml':
      return nodes.map((each) => printOrdered(each)).join('---\n');
  }
}

function documentsOf(content: string, format: Format): readonly Mapping[] | undefined {
  if (format === 'dotenv') return [dotenvTree(content)];
  if (format === 'ini') return [iniTree(content)];
  const roots = parse(content, '').documents.flatMap(({ root }) => root ?? []);
  const found = roots.flatMap((root) => (root.kind === 'mapping' ? [root] : []));
  return found.length === 0 || found.length < roots.length ? undefined : found;
}

function toBase64(plain: string): string {
  return encodeBase64(new TextEncoder().encode(plain));
}

/** Whether the annotation that switches decryption off is set. */
export function isDecryptionDisabled(object: Mapping): boolean {
  const value = text(getPath(object, ['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/decrypt']));
  return value?.toLowerCase() === 'disabled';
}
