/**
 * Charts that releases ask for, fetched between two renders: a render asks, gets "not fetched" where nothing is at hand
 * and goes on; `fetchMissing` fetches what was asked for; the next render finds it. Answers keep their identity, so that
 * a renderer re-renders only the releases whose chart arrived.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type ChartQuery, type FetchedChart, flux, getPath, helm, type Mapping, text } from '../../engine/index.ts';
import { createCache } from './cache.ts';
import { type ChartArchive, chooseVersion, findChart, ociChart } from './helm.ts';
import { FetchError, type TlsOptions } from './http.ts';
import { type Credentials, openRepository } from './oci.ts';

export interface FetcherOptions {
  /** Where fetched content is kept; absent: the user's cache folder. */
  readonly folder?: string;
  /** A Secret's entries, decoded; undefined when it is not at hand. */
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

export interface Fetcher {
  /** For the renderer: what is known of a chart; a chart asked for the first time is noted as missing. */
  chart(query: ChartQuery): FetchedChart;
  /** Fetches what was asked for; true when anything arrived or failed, so that another render says more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** What failed counts as not asked for yet, so that it is tried again. */
  forgetFailures(): void;
}

/** Whether the answer only says that the chart was not asked for before. */
export function isPending(answer: FetchedChart): boolean {
  return answer === notFetched;
}

/** Bytes of fetched content that are kept on disk. */
const cacheLimit = 512 * 1024 * 1024;
const notFetched: FetchedChart = { note: 'the chart is not fetched yet' };

export function createFetcher(options: FetcherOptions): Fetcher {
  const folder = options.folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'fetched');
  const cache = createCache({ folder, limit: cacheLimit });
  const answers = new Map<string, FetchedChart>();
  const missing = new Map<string, ChartQuery>();
  return {
    chart(query) {
      const key = keyOf(query);
      const known = answers.get(key);
      if (known === undefined) missing.set(key, query);
      return known ?? notFetched;
    },
    async fetchMissing(signal) {
      const wanted = [...missing];
      missing.clear();
      await Promise.all(
        wanted.map(async ([key, query]) => {
          answers.set(key, await fetchChart(query, options, cache, signal));
        }),
      );
      return wanted.length > 0;
    },
    forgetFailures() {
      for (const [key, answer] of answers) if (!('value' in answer)) answers.delete(key);
    },
  };
}

/**
 * Renders until no render asks for a chart that was not fetched before: at most one round for each chart, since every
 * answer, a failure too, is kept.
 */
export async function renderWithCharts<T>(
  render: () => T,
  fetcher: Fetcher | undefined,
  signal: AbortSignal,
): Promise<T> {
  let out = render();
  while (fetcher !== undefined && !signal.aborted && (await fetcher.fetchMissing(signal))) out = render();
  return out;
}

/** What decides which chart it is: the query and what its source says. */
function keyOf({ source, at: _at, ...query }: ChartQuery): string {
  const spec = (...path: string[]) => text(getPath(source, ['spec', ...path]));
  const ref = ['tag', 'semver', 'digest'].map((field) => spec('ref', field));
  return JSON.stringify([query, spec('url'), spec('type'), ref, spec('secretRef', 'name'), spec('insecure')]);
}

async function fetchChart(
  query: ChartQuery,
  options: FetcherOptions,
  cache: ReturnType<typeof createCache>,
  signal: AbortSignal,
): Promise<FetchedChart> {
  const title = `${query.kind} ${query.namespace}/${query.name}`;
  if (query.source === undefined)
    return { note: `${title} is in no file of the fleet, so its chart cannot be fetched` };
  try {
    const archive = await locate(query, query.source, options, signal);
    if (typeof archive === 'string') return { note: `${title}: ${archive}` };
    const kept = await cache.get(archive.key);
    const bytes = kept ?? (await archive.bytes());
    if (kept === undefined) await cache.set(archive.key, bytes);
    return helm.loadChartArchive(bytes, archive.name);
  } catch (cause) {
    if (cause instanceof FetchError)
      return { note: `chart ${query.chart ?? ''} of ${title} could not be fetched: ${cause.message}` };
    throw cause;
  }
}

/** The archive to fetch, or one sentence that says what is not supported. */
async function locate(
  query: ChartQuery,
  source: Mapping,
  options: FetcherOptions,
  signal: AbortSignal,
): Promise<ChartArchive | string> {
  const field = (...path: string[]) => text(getPath(source, ['spec', ...path]));
  const url = field('url');
  if (url === undefined) return 'it has no spec.url';
  const provider = field('provider') ?? 'generic';
  if (provider !== 'generic') return `credentials of provider ${provider} are not supported`;
  const access = { ...(await accessOf(source, query.namespace, options)), signal };
  const insecure = field('insecure') === 'true' || url.startsWith('http://');
  if (query.kind === 'HelmRepository') {
    const passCredentials = field('passCredentials') === 'true';
    const version = query.version ?? '*';
    return findChart({ url, chart: query.chart ?? '', version, passCredentials, insecure, ...access });
  }
  if (query.kind === 'OCIRepository') return fromOciRepository(source, url, { ...access, insecure });
  return `charts of kind ${query.kind} are not fetched`;
}

async function fromOciRepository(
  source: Mapping,
  url: string,
  access: Access & { readonly insecure: boolean; readonly signal: AbortSignal },
): Promise<ChartArchive | string> {
  const repository = openRepository({ url, ...access });
  const ref = (field: string) => text(getPath(source, ['spec', 'ref', field]));
  const name = `${url.slice(url.lastIndexOf('/') + 1)}.tgz`;
  const digest = ref('digest');
  if (digest !== undefined) return ociChart(repository, digest, name, digest);
  const range = ref('semver');
  if (range !== undefined) {
    const tag = chooseVersion(
      (await repository.tags()).map((each) => each.replaceAll('_', '+')),
      range,
    );
    if (tag === undefined) return `no tag matches ${range}`;
    return ociChart(repository, tag.replaceAll('+', '_'), name, tag);
  }
  const tag = ref('tag') ?? 'latest';
  return ociChart(repository, tag, name, tag);
}

interface Access {
  readonly credentials?: Credentials;
  readonly tls?: TlsOptions;
}

/** What the Secrets that a source names give: a user and password, a docker configuration, certificates. */
async function accessOf(source: Mapping, namespace: string, options: FetcherOptions): Promise<Access> {
  const named = (field: string) => text(getPath(source, ['spec', field, 'name']));
  const entries = async (name: string | undefined) => {
    if (name === undefined) return {};
    const found = await options.secret(namespace, name);
    if (found === undefined) throw new FetchError(`Secret ${namespace}/${name} is not at hand`);
    return found;
  };
  const secret = await entries(named('secretRef'));
  const certificates = await entries(named('certSecretRef'));
  const credentials = credentialsOf(secret, text(getPath(source, ['spec', 'url'])) ?? '');
  const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = certificates;
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { ...(credentials && { credentials }), ...(Object.keys(tls).length > 0 && { tls }) };
}

function credentialsOf(secret: Readonly<Record<string, string>>, url: string): Credentials | undefined {
  const { username, password } = secret;
  if (username !== undefined && password !== undefined) return { username, password };
  const docker = secret['.dockerconfigjson'];
  if (docker === undefined) return undefined;
  const host = /^[a-z]+:\/\/([^/]+)/.exec(url)?.[1] ?? '';
  try {
    const { auths } = JSON.parse(docker) as {
      auths?: Record<string, { auth?: string; username?: string; password?: string }>;
    };
    const entry = Object.entries(auths ?? {}).find(
      ([name]) => name.replace(/^https?:\/\//, '').split('/')[0] === host,
    )?.[1];
    if (entry?.username !== undefined) return { username: entry.username, password: entry.password ?? '' };
    const [user, ...rest] = Buffer.from(entry?.auth ?? '', 'base64')
      .toString('utf8')
      .split(':');
    return user ? { username: user, password: rest.join(':') } : undefined;
  } catch {
    throw new FetchError('its .dockerconfigjson is no JSON');
  }
}

/** Secrets that the fleet itself holds in the clear; others are for a cluster to give. */
export function fleetSecrets(find: (namespace: string, name: string) => Mapping | undefined): FetcherOptions['secret'] {
  return async (namespace, name) => {
    const object = find(namespace, name);
    if (object === undefined) return undefined;
    const out: Record<string, string> = {};
    for (const section of ['data', 'stringData']) {
      for (const { key, value } of flux.node(object, section)?.kind === 'mapping'
        ? (flux.node(object, section) as Mapping).entries
        : []) {
        if (value.kind !== 'scalar' || value.text.startsWith('ENC[')) continue;
        out[key.text] = section === 'data' ? Buffer.from(value.text, 'base64').toString('utf8') : value.text;
      }
    }
    return out;
  };
}
