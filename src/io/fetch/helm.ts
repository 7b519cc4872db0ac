/** A chart of a Helm repository: its index read, a version chosen as Masterminds orders them, its archive checked. */
import { createHash } from 'node:crypto';
import {
  compareVersions,
  type Json,
  parse,
  parseConstraint,
  parseVersion,
  satisfies,
  toJson,
} from '../../engine/index.ts';
import { chartLimit, chartSeconds } from '../limit.ts';
import { basic, FetchError, getOk, shown, type TlsOptions } from './http.ts';
import { type Credentials, chartLayer, openRepository } from './oci.ts';

export interface ChartRequest {
  /** The repository: `https://…` with an index, or `oci://…`. */
  readonly url: string;
  readonly chart: string;
  /** A semver range; `*` when it is empty. */
  readonly version: string;
  readonly credentials?: Credentials | undefined;
  readonly passCredentials: boolean;
  readonly insecure: boolean;
  readonly tls?: TlsOptions | undefined;
  readonly signal: AbortSignal;
}

export interface ChartArchive {
  readonly version: string;
  /** What origins call the archive. */
  readonly name: string;
  /** `tag@digest` of an OCI artifact. */
  readonly revision?: string;
  /** Fetches the bytes; `digest` is checked by the fetch itself. */
  readonly key: string;
  bytes(): Promise<Buffer>;
}

/** Flux's own limits: 50 MiB for an index, 10 MiB for a chart's archive. */
const indexLimit = 50 * 1024 * 1024;
const archiveLimit = 10 * 1024 * 1024;

export function findChart(request: ChartRequest): Promise<ChartArchive> {
  return request.url.startsWith('oci://') ? findInRegistry(request) : findInIndex(request);
}

async function findInIndex(request: ChartRequest): Promise<ChartArchive> {
  const base = request.url.replace(/\/*$/, '/');
  const authorization = request.credentials && basic(request.credentials.username, request.credentials.password);
  const options = {
    signal: request.signal,
    ...(request.tls && { tls: request.tls }),
    ...(authorization && { authorization }),
  };
  const { body } = await getOk({ url: `${base}index.yaml`, limit: indexLimit, ...options });
  const read = chartLimit().within(() => readIndex(body.toString('utf8'), request));
  if ('expired' in read)
    throw new FetchError(`the index of ${shown(request.url)} takes longer to read than ${chartSeconds} s`);
  const entries = read.value;
  const version = chooseVersion(
    entries.map((entry) => entry.version),
    request.version,
  );
  const entry = entries.find((candidate) => candidate.version === version);
  if (entry === undefined) throw noVersion(request);
  const url = new URL(entry.url, base);
  const isOwnHost = url.host === new URL(base).host;
  return {
    version: entry.version,
    name: `${request.chart}-${entry.version}.tgz`,
    key: `helm ${url.href} ${entry.digest}`,
    async bytes() {
      const { authorization: own, ...rest } = options;
      const credentials = own !== undefined && (isOwnHost || request.passCredentials) ? { authorization: own } : {};
      const answer = await getOk({ url: url.href, limit: archiveLimit, ...rest, ...credentials });
      const digest = createHash('sha256').update(answer.body).digest('hex');
      if (entry.digest !== '' && entry.digest.replace(/^sha256:/, '') !== digest) {
        throw new FetchError(
          `${shown(url.href)}: the archive's digest is ${digest}, not ${entry.digest} as the index says; it is not used`,
        );
      }
      return answer.body;
    },
  };
}

interface IndexEntry {
  readonly version: string;
  readonly url: string;
  readonly digest: string;
}

function readIndex(text: string, request: ChartRequest): readonly IndexEntry[] {
  const root = parse(text, 'index.yaml').documents[0]?.root;
  const json = root === undefined ? {} : (toJson(root, 'sigs') as { entries?: Record<string, Json> });
  const list = json.entries?.[request.chart];
  if (!Array.isArray(list)) throw new FetchError(`no chart ${request.chart} in the index of ${shown(request.url)}`);
  return list.flatMap((item): IndexEntry[] => {
    const { version, urls, digest } = item as { version?: Json; urls?: Json; digest?: Json };
    const [url] = Array.isArray(urls) ? urls : [];
    if (typeof version !== 'string' || typeof url !== 'string') return [];
    return [{ version, url, digest: typeof digest === 'string' ? digest : '' }];
  });
}

async function findInRegistry(request: ChartRequest): Promise<ChartArchive> {
  const url = `${request.url.replace(/\/*$/, '')}/${request.chart}`;
  const repository = openRepository({ ...request, url, scheme: request.insecure ? 'http' : 'https' });
  // A tag cannot hold a `+`, so Helm writes it as `_`.
  const versions = (await repository.tags()).map((tag) => tag.replaceAll('_', '+'));
  const version = chooseVersion(versions, request.version);
  if (version === undefined) throw noVersion(request);
  return ociChart(repository, version.replaceAll('+', '_'), `${request.chart}-${version}.tgz`, version);
}

/** The chart layer of an artifact. */
export async function ociChart(
  repository: ReturnType<typeof openRepository>,
  reference: string,
  name: string,
  version: string,
): Promise<ChartArchive> {
  const manifest = await repository.manifest(reference);
  const layer = manifest.layers.find(({ mediaType }) => mediaType === chartLayer) ?? manifest.layers[0];
  if (layer === undefined) throw new FetchError(`${name}: the artifact has no layer`);
  const revision = version === manifest.digest ? version : `${version}@${manifest.digest}`;
  return { version, name, revision, key: `oci ${repository.url} ${layer.digest}`, bytes: () => repository.blob(layer) };
}

/** The highest version that the range admits; the very version when the range is one. */
export function chooseVersion(versions: readonly string[], range: string): string | undefined {
  const wanted = range === '' ? '*' : range;
  if (versions.includes(wanted)) return wanted;
  const constraint = parseConstraint(wanted);
  if (typeof constraint === 'string') throw new FetchError(`${wanted} is no version range: ${constraint}`);
  return versions
    .flatMap((text) => {
      // Flux takes nothing with fewer than three numbers for a version.
      if (text.split('.').length < 3) return [];
      const version = parseVersion(text);
      return typeof version !== 'string' && satisfies(version, constraint) ? [{ text, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version))[0]?.text;
}

function noVersion(request: ChartRequest): FetchError {
  return new FetchError(
    `no version of chart ${request.chart} in ${shown(request.url)} matches ${request.version || '*'}`,
  );
}
