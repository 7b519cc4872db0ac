/**
 * Charts and sources that the open folders do not hold. Nothing is fetched unless the setting says so or the person asks for it, and
 * never before the workspace is trusted; until then a release says what to do. What arrives is told, and renders again.
 */
import type { ChartQuery, FetchedArtifact, FetchedChart, SourceQuery } from '../engine/index.ts';
import { createFetcher, type Fetcher, type FetcherOptions, isPending } from '../io/fetch/index.ts';
import type { Outcome } from '../protocol/index.ts';

export interface Charts {
  /** For the engine's renderer: the chart, or why it is not at hand. The same object until there is more to say. */
  chart(query: ChartQuery): FetchedChart;
  /** For the engine's renderer: a source's files, in the same way. */
  artifact(query: SourceQuery): FetchedArtifact;
  /** Before this, nothing can be fetched. */
  open(options: ChartsOptions): void;
  /** Whether charts are fetched as they are asked for. */
  follow(setting: boolean): void;
  /** Fetches every chart that `render` asks for, what failed before too. */
  fetch(render: () => Promise<void>, signal: AbortSignal): Promise<Outcome>;
  /** Counts up as charts arrive: what was rendered with an older one is stale. */
  version(): number;
  onArrived(listener: () => void): void;
  dispose(): void;
}

export interface ChartsOptions extends FetcherOptions {
  trusted(): boolean;
  /** How long to gather questions before fetching, in milliseconds. */
  readonly pause: number;
}

const fetchable = new Set(['HelmRepository', 'OCIRepository']);
const fetchableSources = new Set(['OCIRepository', 'GitRepository', 'Bucket']);

export function createCharts(): Charts {
  let options: ChartsOptions | undefined;
  let fetcher: Fetcher | undefined;
  let automatic = false;
  let version = 0;
  let timer: NodeJS.Timeout | undefined;
  const ended = new AbortController();
  const notes = new Map<string, Note>();
  const asked = new Map<string, FetchedChart | FetchedArtifact>();
  const listeners: (() => void)[] = [];

  const trusted = () => options?.trusted() === true;
  /** One object for each text: the renderer compares answers by identity. */
  const note = (text: string): Note => {
    const known = notes.get(text) ?? { note: text };
    notes.set(text, known);
    return known;
  };
  const arrived = () => {
    version++;
    for (const listener of listeners) listener();
  };

  /** Fetches what was asked for a moment ago, once for all questions of a render. */
  function later(): void {
    timer ??= setTimeout(async () => {
      try {
        if (trusted() && (await fetcher?.fetchMissing(ended.signal)) === true && !ended.signal.aborted) arrived();
      } catch {
        // The disk refused: the chart stays unfetched, and the command tells why when the person runs it.
      } finally {
        timer = undefined;
      }
    }, options?.pause);
  }

  /** The answer, or what has to happen before there is one. */
  function answerOf<T extends FetchedChart | FetchedArtifact>(title: string, answer: T | undefined): T | Note {
    if (answer !== undefined) asked.set(title, answer);
    if (answer !== undefined && !isPending(answer)) return answer;
    if (!trusted()) return note(`${title} is not fetched: trust the workspace, then ${fetchHint}`);
    if (!automatic) return note(`${title} is not fetched: ${fetchHint}`);
    later();
    return note(`${title} is being fetched`);
  }

  return {
    chart(query) {
      const title = titleOf(query);
      if (!fetchable.has(query.kind)) return note(`${title}: its source is not in the open folder`);
      if (query.source === undefined) {
        return note(`${title} cannot be fetched: no file of the fleet declares its ${query.kind}`);
      }
      return answerOf(title, fetcher?.chart(query));
    },
    artifact(query) {
      const title = `${query.kind} ${query.namespace}/${query.name}`;
      if (!fetchableSources.has(query.kind)) return note(`${title}: its source is not in the open folder`);
      if (query.object === undefined) return note(`${title} cannot be fetched: no file of the fleet declares it`);
      return answerOf(title, fetcher?.artifact(query));
    },
    open(given) {
      options = given;
      fetcher = createFetcher(given);
    },
    follow(setting) {
      if (automatic === setting) return;
      automatic = setting;
      if (setting) arrived();
    },
    async fetch(render, signal) {
      if (fetcher === undefined || !trusted()) {
        return { ok: false, message: 'Trust this workspace to fetch charts: that talks to the repositories it names.' };
      }
      fetcher.forgetFailures();
      asked.clear();
      await render();
      while (!signal.aborted && (await fetcher.fetchMissing(signal))) await render();
      // What was cut short is no answer.
      if (signal.aborted) fetcher.forgetFailures();
      arrived();
      return signal.aborted ? { ok: false, message: 'Fetching charts was canceled.' } : outcomeOf([...asked.values()]);
    },
    version: () => version,
    onArrived: (listener) => void listeners.push(listener),
    dispose() {
      clearTimeout(timer);
      ended.abort();
    },
  };
}

/** How a person gets what is not fetched. */
export const fetchHint = 'run "Sluice: Fetch Charts"';

interface Note {
  readonly note: string;
}

function outcomeOf(answers: readonly (FetchedChart | FetchedArtifact)[]): Outcome {
  if (answers.length === 0)
    return { ok: true, message: 'Nothing in the workspace needs a chart or a source from elsewhere.' };
  const failures = answers.flatMap((answer) => ('note' in answer ? [answer.note] : []));
  const done = answers.filter((answer) => !('note' in answer));
  const sources = done.filter((answer) => 'root' in answer).length;
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const charts = done.length - sources;
  const parts = [
    ...(charts > 0 || sources === 0 ? [counted(charts, 'chart')] : []),
    ...(sources > 0 ? [counted(sources, 'source')] : []),
  ];
  const atHand = `${parts.join(' and ')} at hand`;
  if (failures.length === 0) return { ok: true, message: `${atHand}.` };
  return { ok: true, warning: true, message: `${atHand}, ${failures.length} not: ${failures.join('; ')}` };
}

function titleOf({ kind, namespace, name, chart, version }: ChartQuery): string {
  const what = chart === undefined ? '' : `${chart}${version === undefined ? '' : ` ${version}`} of `;
  return `chart ${what}${kind} ${namespace}/${name}`;
}
