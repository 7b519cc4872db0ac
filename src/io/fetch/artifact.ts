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
  readTarGz,
  type SourceFile,
  type SourceQuery,
  text,
} from '../../engine/index.ts';
import { sourceFile } from '../disk.ts';
import { type Access, accessOf, type SecretOf } from './access.ts';
import { fromBucket } from './bucket.ts';
import type { Cache } from './cache.ts';
import { fromGit } from './git.ts';
import { chooseVersion } from './helm.ts';
import { FetchError } from './http.ts';
import { type Manifest, openRepository, type Repository } from './oci.ts';

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

/** Fields that change what is fetched or how, and that no fetch here follows. */
const unsupported = ['proxySecretRef', 'serviceAccountName', 'recurseSubmodules', 'sts'];

/** The source's files, or one sentence that says why they cannot be had. Throws nothing for a fault of the source. */
export async function fetchArtifact(query: SourceQuery, ports: ArtifactPorts): Promise<FetchedArtifact> {
  const title = `${query.kind} ${query.namespace}/${query.name}`;
  const read = kinds[query.kind];
  if (read === undefined) return { note: `${title}: sources of kind ${query.kind} are not fetched` };
  const source = query.object;
  if (source === undefined) return { note: `${title} is in no file of the fleet, so it cannot be fetched` };
  const field = (...path: string[]) => text(getPath(source, ['spec', ...path]));
  try {
    refuseUnsupported(source, field);
    const access = await accessOf(source, query.namespace, ports.secret);
    return folderOf(title, await read({ ...ports, field, source, access }), source);
  } catch (cause) {
    if (cause instanceof FetchError) return { note: `${title} could not be fetched: ${cause.message}` };
    if (cause instanceof SyntaxError) return { note: `${title} could not be fetched: the answer is no JSON` };
    throw cause;
  }
}

function refuseUnsupported(source: Mapping, field: ArtifactRequest['field']): void {
  const provider = field('provider') ?? 'generic';
  if (provider !== 'generic') throw new FetchError(`credentials of provider ${provider} are not supported`);
  for (const name of unsupported) {
    const value = getPath(source, ['spec', name]);
    if (value !== undefined && text(value) !== 'false') throw new FetchError(`spec.${name} is not supported`);
  }
}

function folderOf(title: string, { files, revision, whole }: FetchedFiles, source: Mapping): FetchedFolder {
  const tree = new Map<string, SourceFile>();
  for (const [path, bytes] of files) tree.set(path, sourceFile(`${title}@${revision}${path}`, bytes));
  const isSigned = getPath(source, ['spec', 'verify']) !== undefined;
  return {
    tree: memoryTree(tree),
    root: '/',
    reason: `fetched at ${revision}`,
    ...(whole === true && { whole }),
    ...(isSigned && { caveat: `the signature of ${title} was not verified` }),
  };
}

async function fromRegistry({ field, access, signal, cache }: ArtifactRequest): Promise<FetchedFiles> {
  const url = field('url') ?? '';
  const repository = openRepository({ url, insecure: field('insecure') === 'true', signal, ...access });
  const { reference, label } = await referenceOf(repository, field);
  const manifest = await repository.manifest(reference);
  const layer = layerOf(manifest, field('layerSelector', 'mediaType'));
  const operation = field('layerSelector', 'operation') ?? 'extract';
  if (operation !== 'extract' && operation !== 'copy') throw new FetchError(`there is no operation ${operation}`);
  const key = `oci ${layer.digest}`;
  const kept = await cache.get(key);
  const bytes = kept ?? (await repository.blob(layer));
  if (kept === undefined) await cache.set(key, bytes);
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
  if (!filter.ok) throw new FetchError(`spec.ref.semverFilter is no regular expression: ${filter.error}`);
  const tags = (await repository.tags()).filter((tag) => filter.regexp.test(tag));
  const tag = chooseVersion(tags, range);
  if (tag === undefined) throw new FetchError(`no tag matches ${range}`);
  return { reference: tag, label: tag };
}

function layerOf({ layers }: Manifest, mediaType: string | undefined) {
  const layer = mediaType === undefined ? layers[0] : layers.find((each) => each.mediaType === mediaType);
  if (layer !== undefined) return layer;
  throw new FetchError(mediaType === undefined ? 'the artifact has no layer' : `no layer has media type ${mediaType}`);
}

/** The files of a `.tar.gz`; links are left out as Flux leaves them out, and a name that climbs is refused as it does. */
function unpack(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const read = readTarGz(archive, limits);
  if ('error' in read) throw new FetchError(read.error);
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
