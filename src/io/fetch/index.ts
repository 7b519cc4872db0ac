/**
 * Charts and sources that a fleet asks for, fetched between two renders: a render asks, gets "not fetched" where nothing is at hand
 * and goes on; `fetchMissing` fetches what was asked for; the next render finds it. Answers keep their identity, so that
 * a renderer re-renders only what was waiting for them.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type ChartQuery,
  type FetchedArtifact,
  type FetchedChart,
  type FileTree,
  get,
  getPath,
  helm,
  type Mapping,
  type SourceFile,
  type SourceQuery,
  text,
  toJson,
} from '../../engine/index.ts';
import { chartLimit } from '../limit.ts';
import { type Access, accessOf, type SecretOf } from './access.ts';
import { fetchArtifact, unfetched } from './artifact.ts';
import { createCache } from './cache.ts';
import { type ChartArchive, chooseVersion, findChart, ociChart } from './helm.ts';
import { FetchError } from './http.ts';
import { isPrivateRegistry, openRepository } from './oci.ts';

export { fleetSecrets, type SecretOf } from './access.ts';

export interface FetcherOptions {
  /** Where fetched content is kept; absent: the user's cache folder. */
  readonly folder?: string;
  /** A Secret's entries, decoded; undefined when it is not at hand. */
  readonly secret: SecretOf;
}

export interface Fetcher {
  /** For the renderer: what is known of a chart; a chart asked for the first time is noted as missing. */
  chart(query: ChartQuery): FetchedChart;
  /** For the renderer: a source's files, in the same way. */
  artifact(query: SourceQuery): FetchedArtifact;
  /** Fetches what was asked for; true when anything arrived or failed, so that another render says more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** What failed counts as not asked for yet, so that it is tried again. */
  forgetFailures(): void;
  /** The text of a fetched file, by the name that its origins carry. */
  textOf(name: string): string | undefined;
}

/** Whether the answer only says that the chart or source was not asked for before. */
export function isPending(answer: FetchedChart | FetchedArtifact): boolean {
  return answer === pendingChart || answer === pendingArtifact;
}

/** Bytes of fetched content that are kept on disk. */
const cacheLimit = 512 * 1024 * 1024;
/** What one answer leads on to is asked in the next round: more than any fleet needs, and an end for a chart without one. */
const mostRounds = 100;
const pendingChart: FetchedChart = { note: 'the chart is not fetched yet' };
const pendingArtifact: FetchedArtifact = { note: 'the source is not fetched yet' };

export function createFetcher(options: FetcherOptions): Fetcher {
  const folder = options.folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'fetched');
  const cache = createCache({ folder, limit: cacheLimit });
  const charts = answering({
    keyOf,
    pending: pendingChart,
    fetch: (query: ChartQuery, signal) => fetchChart(query, options, cache, signal),
    failed: (answer) => !('value' in answer),
  });
  const trees: FileTree[] = [];
  const artifacts = answering({
    keyOf: ({ kind, namespace, name, object }: SourceQuery) =>
      JSON.stringify([kind, namespace, name, object && toJson(get(object, 'spec') ?? object, 'sigs')]),
    pending: pendingArtifact,
    fetch: async (query, signal) => {
      const answer = await fetchArtifact(query, { cache, folder, secret: options.secret, signal });
      if ('tree' in answer) trees.push(answer.tree);
      return answer;
    },
    failed: (answer) => 'note' in answer,
  });
  return {
    chart: charts.answer,
    artifact: artifacts.answer,
    async fetchMissing(signal) {
      const fetched = await Promise.all([charts.fetchMissing(signal), artifacts.fetchMissing(signal)]);
      return fetched.includes(true);
    },
    forgetFailures() {
      charts.forgetFailures();
      artifacts.forgetFailures();
    },
    textOf: (name) => fileNamed(trees, name)?.text,
  };
}

/** A name ends in the file's path, after the source's title and a revision that may hold slashes itself. */
function fileNamed(trees: readonly FileTree[], name: string): SourceFile | undefined {
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
    const path = name.slice(slash);
    const found = trees.map((tree) => tree.file(path)).find((file) => file?.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Answering<Query, Answer> {
  keyOf(query: Query): string;
  readonly pending: Answer;
  fetch(query: Query, signal: AbortSignal): Promise<Answer>;
  failed(answer: Answer): boolean;
}

/** Answers that are fetched between two renders, each kept as the same object. */
function answering<Query, Answer>({ keyOf, pending, fetch, failed }: Answering<Query, Answer>) {
  const answers = new Map<string, Answer>();
  const missing = new Map<string, Query>();
  return {
    answer(query: Query): Answer {
      const key = keyOf(query);
      const known = answers.get(key);
      if (known === undefined) missing.set(key, query);
      return known ?? pending;
    },
    async fetchMissing(signal: AbortSignal): Promise<boolean> {
      const wanted = [...missing];
      missing.clear();
      await Promise.all(wanted.map(async ([key, query]) => void answers.set(key, await fetch(query, signal))));
      return wanted.length > 0;
    },
    forgetFailures() {
      for (const [key, answer] of answers) if (failed(answer)) answers.delete(key);
    },
  };
}

/**
 * Renders until no render asks for a chart or a source that was not fetched before: at most one round for each, since
 * every answer, a failure too, is kept.
 */
export async function renderFetched<T>(
  render: () => T,
  fetcher: Pick<Fetcher, 'fetchMissing'> | undefined,
  signal: AbortSignal,
): Promise<T> {
  let out = render();
  for (let round = 0; round < mostRounds; round++) {
    if (fetcher === undefined || signal.aborted || !(await fetcher.fetchMissing(signal))) break;
    out = render();
  }
  return out;
}

/** An archive from elsewhere may take long, as long as any work for one chart may. */
function unpacked(bytes: Uint8Array, name: string) {
  const progress: helm.Progress = { doing: 'the reading of the archive' };
  const work = { title: `chart ${name}`, at: { file: name, start: 0, end: 0 } };
  return helm.withinLimit(chartLimit(), work, progress, () => helm.loadChartArchive(bytes, name, progress));
}

/** What decides which chart it is: the query and what its source says. */
function keyOf({ source, at: _at, ...query }: ChartQuery): string {
  return JSON.stringify([query, source && toJson(get(source, 'spec') ?? source, 'sigs')]);
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
    const bytes = await cache.keep(archive.key, () => archive.bytes());
    const { revision } = archive;
    return { ...unpacked(bytes, archive.name), ...(revision === undefined ? {} : { revision }) };
  } catch (cause) {
    const what = query.chart === undefined ? 'chart' : `chart ${query.chart}`;
    return unfetched(`${what} of ${title} could not be fetched`, query.source, cause);
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
  if (provider !== 'generic')
    throw new FetchError(
      `credentials of provider ${provider} are not supported: only the cluster has them`,
      'provider',
    );
  const access = { ...(await accessOf(source, query.namespace, options.secret)), signal };
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
  const repository = openRepository({
    url,
    scheme: access.insecure || isPrivateRegistry(url) ? 'any' : 'https',
    ...access,
  });
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
