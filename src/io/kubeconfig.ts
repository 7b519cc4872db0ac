/**
 * The kubeconfig, read as kubectl reads it and never written: the files of KUBECONFIG in order (a missing one is
 * skipped, the first that names a thing wins), paths relative to the file that holds them. What is wrong in one entry
 * leaves the other entries usable. No message holds a token, a password or a key.
 */
import { readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  type Document,
  error,
  get,
  type Json,
  type Mapping,
  type Node,
  type Problem,
  parse,
  type Result,
  toJson,
} from '../engine/index.ts';

/** A cluster entry: where the API server is and how it proves itself. Paths are absolute. */
export interface ClusterEntry {
  readonly file: string;
  readonly server: string;
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly certificateAuthority?: string;
  /** PEM. */
  readonly certificateAuthorityData?: string;
  readonly proxyUrl?: string;
  /** `client.authentication.k8s.io/exec` of the extensions: what an exec plugin gets as the cluster's config. */
  readonly execConfig?: Json;
}

export interface ExecEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly installHint?: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode?: string;
}

/** A user entry: how we prove who we are. Paths are absolute; `…Data` is PEM. */
export interface UserEntry {
  readonly name: string;
  readonly file: string;
  readonly clientCertificate?: string;
  readonly clientCertificateData?: string;
  readonly clientKey?: string;
  readonly clientKeyData?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly impersonate?: {
    readonly user?: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra: Readonly<Record<string, readonly string[]>>;
  };
  readonly exec?: ExecEntry;
  readonly authProvider?: { readonly name: string; readonly config: Readonly<Record<string, string>> };
}

export interface KubeContext {
  readonly name: string;
  /** The file that the context stands in. */
  readonly file: string;
  readonly cluster: string;
  readonly user: string;
  /** The namespace of `kubectl`; Flux has its own rules and does not use it. */
  readonly namespace: string;
  /** The API server's URL; absent when the context names a cluster that is nowhere. */
  readonly server?: string;
}

export interface LoadedKubeconfig {
  /** The files that were read, in order of precedence. */
  readonly files: readonly string[];
  readonly currentContext?: string;
  /** In the order of the files. */
  readonly contexts: readonly KubeContext[];
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

/**
 * Reads the kubeconfig that `env.KUBECONFIG` names, or `<home>/.kube/config`. A file that cannot be read as a
 * kubeconfig is a problem and is left out; without any context there is a problem that says where it looked.
 */
export function loadKubeconfig(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): Result<LoadedKubeconfig> {
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? [...new Set(listed)] : [join(home, '.kube', 'config')];
  const problems: Problem[] = [];
  const read = paths.map((path) => readOne(resolve(path), problems)).filter((one) => one !== undefined);
  const clusters = firstOf(read.map((one) => one.clusters));
  const contexts = [...firstOf(read.map((one) => one.contexts)).values()].map((context) => {
    const server = clusters.get(context.cluster)?.server;
    return server === undefined ? context : { ...context, server };
  });
  if (contexts.length === 0 && problems.length === 0) problems.push(error('kubeconfig', nothingIn(paths, read.length)));
  const current = read.map((one) => one.currentContext).find((name) => name !== undefined && name !== '');
  return {
    value: {
      files: read.map((one) => one.file),
      ...(current === undefined ? {} : { currentContext: current }),
      contexts,
      clusters,
      users: firstOf(read.map((one) => one.users)),
    },
    problems,
  };
}

function nothingIn(paths: readonly string[], found: number): string {
  const where = paths.join(', ');
  if (found === 0) return `There is no kubeconfig at ${where}. Set KUBECONFIG or the kubeconfig setting to its path.`;
  return `The kubeconfig ${where} has no contexts. Add one with "kubectl config set-context".`;
}

interface OneFile {
  readonly file: string;
  readonly currentContext: string | undefined;
  readonly contexts: ReadonlyMap<string, KubeContext>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

function readOne(path: string, problems: Problem[]): OneFile | undefined {
  try {
    return readText(readFileSync(path, 'utf8'), path, problems);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') problems.push(error('kubeconfig', `The kubeconfig ${path} cannot be read (${code}).`));
    return undefined;
  }
}

/** A kubeconfig from its text, as a Secret holds one; `title` stands for its file in messages. */
export function parseKubeconfig(text: string, title: string): Result<LoadedKubeconfig> {
  const problems: Problem[] = [];
  const read = readText(text, title, problems);
  if (read === undefined) return { problems };
  const { currentContext, contexts, clusters, users } = read;
  const current = currentContext === undefined ? {} : { currentContext };
  return { value: { files: [title], ...current, contexts: [...contexts.values()], clusters, users }, problems };
}

function readText(text: string, path: string, problems: Problem[]): OneFile | undefined {
  const parsed = parse(text, path);
  if (parsed.problems.length > 0) {
    const [first] = parsed.problems;
    problems.push(error('kubeconfig', `The kubeconfig ${path} is no valid YAML: ${first!.message}`, first!.at));
    return undefined;
  }
  const root = parsed.documents.find((document: Document) => document.root !== undefined)?.root;
  if (root !== undefined && root.kind !== 'mapping') {
    problems.push(error('kubeconfig', `The kubeconfig ${path} is no mapping.`, root.at));
    return undefined;
  }
  const current = string(root, 'current-context');
  return {
    file: path,
    currentContext: current,
    contexts: named(root, 'contexts', 'context', path, problems, readContext),
    clusters: named(root, 'clusters', 'cluster', path, problems, readCluster),
    users: named(root, 'users', 'user', path, problems, readUser),
  };
}

/** The entries of one list by name. Two of one name in one file are a mistake, as they are for kubectl. */
function named<T>(
  root: Mapping | undefined,
  list: string,
  field: string,
  file: string,
  problems: Problem[],
  read: (node: Mapping, name: string, file: string) => T,
): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  const node = get(root, list);
  for (const item of node?.kind === 'sequence' ? node.items : []) {
    const name = string(item, 'name') ?? '';
    const body = get(item, field);
    const empty: Mapping = { kind: 'mapping', entries: [], at: item.at };
    if (entries.has(name)) {
      problems.push(error('kubeconfig', `The kubeconfig ${file} has two ${list} of the name "${name}".`, item.at));
      continue;
    }
    entries.set(name, read(body?.kind === 'mapping' ? body : empty, name, file));
  }
  return entries;
}

function readContext(node: Mapping, name: string, file: string): KubeContext {
  return {
    name,
    file,
    cluster: string(node, 'cluster') ?? '',
    user: string(node, 'user') ?? '',
    namespace: string(node, 'namespace') ?? '',
  };
}

function readCluster(node: Mapping, _name: string, file: string): ClusterEntry {
  const extensions = get(node, 'extensions');
  const exec = (extensions?.kind === 'sequence' ? extensions.items : []).find(
    (item) => string(item, 'name') === 'client.authentication.k8s.io/exec',
  );
  const config = get(exec, 'extension');
  return {
    file,
    server: (string(node, 'server') ?? '').replace(/\/+$/, ''),
    insecureSkipTlsVerify: boolean(node, 'insecure-skip-tls-verify'),
    ...optional({
      tlsServerName: string(node, 'tls-server-name'),
      certificateAuthority: path(node, 'certificate-authority', file),
      certificateAuthorityData: base64(node, 'certificate-authority-data'),
      proxyUrl: string(node, 'proxy-url'),
    }),
    ...(config === undefined ? {} : { execConfig: toJson(config, 'sigs') }),
  };
}

function readUser(node: Mapping, name: string, file: string): UserEntry {
  const provider = get(node, 'auth-provider');
  const exec = get(node, 'exec');
  return {
    name,
    file,
    ...optional({
      clientCertificate: path(node, 'client-certificate', file),
      clientCertificateData: base64(node, 'client-certificate-data'),
      clientKey: path(node, 'client-key', file),
      clientKeyData: base64(node, 'client-key-data'),
      token: string(node, 'token'),
      tokenFile: path(node, 'tokenFile', file),
      username: string(node, 'username'),
      password: string(node, 'password'),
      impersonate: readImpersonate(node),
      exec: exec?.kind === 'mapping' ? readExec(exec, file) : undefined,
      authProvider:
        provider === undefined
          ? undefined
          : { name: string(provider, 'name') ?? '', config: strings(get(provider, 'config')) },
    }),
  };
}

function readImpersonate(node: Mapping): UserEntry['impersonate'] {
  const user = string(node, 'as');
  const uid = string(node, 'as-uid');
  const groups = list(get(node, 'as-groups'));
  const extra = get(node, 'as-user-extra');
  const entries = extra?.kind === 'mapping' ? extra.entries : [];
  if (user === undefined && uid === undefined && groups.length === 0 && entries.length === 0) return undefined;
  return {
    ...optional({ user, uid }),
    groups,
    extra: Object.fromEntries(entries.map((entry) => [entry.key.text, list(entry.value)])),
  };
}

function readExec(node: Mapping, file: string): ExecEntry {
  const command = string(node, 'command') ?? '';
  const env = get(node, 'env');
  return {
    // A bare name is looked for on the PATH; a path is relative to the kubeconfig.
    command: /[/\\]/.test(command) && !isAbsolute(command) ? resolve(dirname(file), command) : command,
    args: list(get(node, 'args')),
    env: (env?.kind === 'sequence' ? env.items : []).map((item) => ({
      name: string(item, 'name') ?? '',
      value: string(item, 'value') ?? '',
    })),
    apiVersion: string(node, 'apiVersion') ?? '',
    provideClusterInfo: boolean(node, 'provideClusterInfo'),
    ...optional({ installHint: string(node, 'installHint'), interactiveMode: string(node, 'interactiveMode') }),
  };
}

function string(node: Node | undefined, key: string): string | undefined {
  const value = get(node, key);
  if (value?.kind !== 'scalar' || value.text === '') return undefined;
  return toJson(value, 'sigs') === null ? undefined : value.text;
}

function boolean(node: Node, key: string): boolean {
  const value = get(node, key);
  return value?.kind === 'scalar' && toJson(value, 'sigs') === true;
}

function path(node: Node, key: string, file: string): string | undefined {
  const value = string(node, key);
  return value === undefined ? undefined : resolve(dirname(file), value);
}

function base64(node: Node, key: string): string | undefined {
  const value = string(node, key);
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

function list(node: Node | undefined): readonly string[] {
  return (node?.kind === 'sequence' ? node.items : []).map((item) => (item.kind === 'scalar' ? item.text : ''));
}

function strings(node: Node | undefined): Readonly<Record<string, string>> {
  const entries = node?.kind === 'mapping' ? node.entries : [];
  return Object.fromEntries(
    entries.map((entry) => [entry.key.text, entry.value.kind === 'scalar' ? entry.value.text : '']),
  );
}

/** Leaves out what is undefined: an optional field is absent, never undefined. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function firstOf<T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> {
  const merged = new Map<string, T>();
  for (const map of maps) for (const [name, value] of map) if (!merged.has(name)) merged.set(name, value);
  return merged;
}
