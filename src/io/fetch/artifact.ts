/**
 * The files of a source that is not open here, as source-controller would store them. What is fetched is kept by its
 * revision; what a source asks for and this does not do is one sentence, never passed over.
 */
import {
  compileRegexp,
  type FetchedArtifact,
  type FetchedFolder,
  getPath,
  type Mapping,
  memoryTree,
  type Origin,
  type Problem,
  readTarGz,
  type SourceFile,
  type SourceQuery,
  sourceNotes,
  text,
} from '../../engine/index.ts';
import { sourceFile } from '../disk.ts';
import { type Access, accessOf, type SecretOf } from './access.ts';
import { fromBucket } from './bucket.ts';
import type { Cache } from './cache.ts';
import { fromGit } from './git.ts';
import { chooseVersion } from './helm.ts';
import { FetchError } from './http.ts';
import { chartLayer, isPrivateRegistry, type Manifest, openRepository, type Repository } from './oci.ts';

export interface ArtifactPorts {
  readonly cache: Cache;
  /** The cache's folder, for what has to lie on the disk while it is read. */
  readonly folder: string;
  readonly secret: SecretOf;
  readonly signal: AbortSignal;
}

export interface ArtifactRequest extends ArtifactPorts {
  readonly field: (...path: string[]) => string | undefined;
  readonly source: Mapping;
  readonly access: Access;
}

/** Files by their path in the source (`/apps/a.yaml`), with what names them. */
export interface FetchedFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** `main@sha1:…`, `v1@sha256:…`. */
  readonly revision: string;
  readonly whole?: boolean;
}

/** Unpacked bytes and entries of one artifact. */
const limits = { bytes: 256 * 1024 * 1024, entries: 50_000 };

const kinds: Readonly<Record<string, (request: ArtifactRequest) => Promise<FetchedFiles>>> = {
  OCIRepository: fromRegistry,
  GitRepository: fromGit,
  Bucket: fromBucket,
};

/** Which providers' credentials each kind gets here; the others' are asked for in a cluster alone. */
const providers: Readonly<Record<string, readonly string[]>> = { GitRepository: ['generic', 'github'] };

/** The source's files, or one sentence that says why they cannot be had. Throws nothing for a fault of the source. */
export async function fetchArtifact(query: SourceQuery, ports: ArtifactPorts): Promise<FetchedArtifact> {
  const title = `${query.kind} ${query.namespace}/${query.name}`;
  const read = kinds[query.kind];
  if (read === undefined) return { note: `${title}: sources of kind ${query.kind} are not fetched` };
  const source = query.object;
  if (source === undefined) return { note: `${title} is in no file of the fleet, so it cannot be fetched` };
  const field = (...path: string[]) => text(getPath(source, ['spec', ...path]));
  try {
    refuseProvider(query.kind, field);
    const access = await accessOf(source, query.namespace, ports.secret);
    const notes = [...sourceNotes(query.kind, title, source), ...inTheClear(title, field, access)];
    return folderOf(title, await read({ ...ports, field, source, access }), notes);
  } catch (cause) {
    return unfetched(`${title} could not be fetched`, source, cause);
  }
}

/** A failed fetch as one sentence and a problem at the field of the source that is at fault. */
export function unfetched(what: string, source: Mapping, cause: unknown): { note: string; problem: Problem } {
  const note = `${what}: ${reasonOf(cause)}`;
  const field = cause instanceof FetchError ? cause.field : [];
  return { note, problem: { code: 'source-missing', severity: 'error', message: note, at: placeOf(source, field) } };
}

/** What is a fault of the source, the network or the disk; anything else is ours and thrown on. */
function reasonOf(cause: unknown): string {
  if (cause instanceof FetchError) return cause.message;
  if (cause instanceof SyntaxError) return 'the answer is no JSON';
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return `the cache folder cannot be used (${code})`;
  throw cause;
}

/** The longest part of the field that is written, else the URL, else the object. */
function placeOf(source: Mapping, field: readonly string[]): Origin {
  for (let length = field.length; length > 0; length--) {
    const found = getPath(source, ['spec', ...field.slice(0, length)]);
    if (found !== undefined) return found.at;
  }
  const address = getPath(source, ['spec', 'url']) ?? getPath(source, ['spec', 'endpoint']);
  return (address ?? source).at;
}

function refuseProvider(kind: string, field: ArtifactRequest['field']): void {
  const provider = field('provider') ?? 'generic';
  if ((providers[kind] ?? ['generic']).includes(provider)) return;
  // A Secret with keys goes before what the cloud gives.
  if (kind === 'Bucket' && provider === 'aws' && field('secretRef', 'name') !== undefined) return;
  const remedy = 'only the cluster has them; map the source to a folder';
  throw new FetchError(`credentials of provider ${provider} are not supported: ${remedy}`, 'provider');
}

function inTheClear(
  title: string,
  field: ArtifactRequest['field'],
  { credentials, secret }: Access,
): readonly string[] {
  const url = field('url') ?? '';
  const isLoopback = /^http:\/\/(localhost|127\.|\[::1\])/.test(url);
  const hasCredentials = credentials !== undefined || secret.bearerToken !== undefined;
  return url.startsWith('http://') && hasCredentials && !isLoopback
    ? [`the credentials of ${title} go over plain http, where anybody on the way can read them`]
    : [];
}

function folderOf(title: string, fetched: FetchedFiles, notes: readonly string[]): FetchedFolder {
  const { files, revision, whole } = fetched;
  const tree = new Map<string, SourceFile>();
  for (const [path, bytes] of files) tree.set(path, sourceFile(`${title}@${revision}${path}`, bytes));
  return {
    tree: memoryTree(tree),
    root: '/',
    reason: `fetched at ${revision}`,
    ...(whole === true && { whole }),
    ...(notes.length > 0 && { caveat: notes.join('; ') }),
  };
}

async function fromRegistry({ field, access, signal, cache }: ArtifactRequest): Promise<FetchedFiles> {
  const url = field('url') ?? '';
  const scheme = field('insecure') === 'true' || isPrivateRegistry(url) ? 'any' : 'https';
  const repository = openRepository({ url, scheme, signal, ...access });
  const { reference, label } = await referenceOf(repository, field);
  const manifest = await repository.manifest(reference);
  const layer = layerOf(manifest, field('layerSelector', 'mediaType'));
  const operation = field('layerSelector', 'operation') ?? 'extract';
  if (operation !== 'extract' && operation !== 'copy')
    throw new FetchError(`there is no operation ${operation}`, 'layerSelector', 'operation');
  const bytes = await cache.keep(`oci ${url} ${layer.digest}`, () => repository.blob(layer));
  const revision = label === undefined ? manifest.digest : `${label}@${manifest.digest}`;
  return { files: unpack(bytes), revision, whole: operation === 'copy' };
}

/** A digest goes before a range, a range before a tag. */
async function referenceOf(repository: Repository, field: ArtifactRequest['field']) {
  const digest = field('ref', 'digest');
  if (digest !== undefined) return { reference: digest };
  const range = field('ref', 'semver');
  if (range === undefined) {
    const tag = field('ref', 'tag') ?? 'latest';
    return { reference: tag, label: tag };
  }
  const filter = compileRegexp(field('ref', 'semverFilter') ?? '');
  if (!filter.ok)
    throw new FetchError(`spec.ref.semverFilter is no regular expression: ${filter.error}`, 'ref', 'semverFilter');
  const tags = (await repository.tags()).filter((tag) => filter.regexp.test(tag));
  // A tag cannot hold a `+`, so Helm writes it as `_`.
  const isChart = field('layerSelector', 'mediaType') === chartLayer;
  const versions = isChart ? tags.map((tag) => tag.replaceAll('_', '+')) : tags;
  const version = chooseVersion(versions, range);
  if (version === undefined) throw new FetchError(`no tag matches ${range}`, 'ref', 'semver');
  const tag = isChart ? version.replaceAll('+', '_') : version;
  return { reference: tag, label: tag };
}

function layerOf({ layers }: Manifest, mediaType: string | undefined) {
  const layer = mediaType === undefined ? layers[0] : layers.find((each) => each.mediaType === mediaType);
  if (layer !== undefined) return layer;
  if (mediaType === undefined) throw new FetchError('the artifact has no layer');
  throw new FetchError(`no layer has media type ${mediaType}`, 'layerSelector', 'mediaType');
}

/** The files of a `.tar.gz`; links are left out as Flux leaves them out, and a name that climbs is refused as it does. */
function unpack(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const read = readTarGz(archive, limits);
  if ('error' in read) throw new FetchError(`the archive is refused: ${read.error}`);
  const files = new Map<string, Uint8Array>();
  for (const { name, type, data } of read.entries) {
    if (name === '' || name.startsWith('/') || name.includes('\\') || name.includes('../'))
      throw new FetchError(`the archive has an invalid name: ${JSON.stringify(name)}`);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw new FetchError(`the archive has an invalid name: ${JSON.stringify(name)}`);
    if (type === 'file' && parts.length > 0) files.set(`/${parts.join('/')}`, data);
  }
  return files;
}
