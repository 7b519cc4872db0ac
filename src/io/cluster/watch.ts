/**
 * A reflector: lists a kind, follows it, and keeps at it until it is told to stop. What it knows stays valid through
 * every fault: a broken stream resumes where it was, an expired one lists anew, and the caller hears `stale` in between.
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAnswer, ClusterFailure, Json, LiveObject, ServedKind, WatchEvent } from '../../engine/index.ts';
import { failureOf } from './failure.ts';
import { readJson } from './json.ts';
import { collectionPath, list, type Selection } from './list.ts';
import type { Transport } from './transport.ts';

export interface WatchTiming {
  /** First wait after a fault; it doubles, with jitter, up to the longest. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** The wait where asking again cannot help soon: no permission. */
  readonly forbiddenMs: number;
  /** A stream without a byte for so long is taken for dead: bookmarks come about every minute. */
  readonly idleMs: number;
  /** The clock is looked at so often; when it is far ahead of that the machine slept, and its connections are dead. */
  readonly beatMs: number;
  /** Two watch requests of one kind are at least so far apart. */
  readonly spacingMs: number;
  /** Between 0 and 1. */
  random(): number;
  /** The clock on the wall, which goes on while the machine sleeps. */
  now(): number;
}

/** Longest line of a watch stream: an object is at most 1.5 MiB for etcd, and grows on the way out. */
const maxLine = 32 << 20;

type Ended =
  /** The stream ended or broke; go on from where it was. */
  | { readonly how: 'again'; readonly failure?: ClusterFailure; readonly progress: boolean }
  /** The version is too old to go on from: list anew. */
  | { readonly how: 'expired'; readonly failure: ClusterFailure };

export async function watch(
  transport: Transport,
  kind: ServedKind,
  selection: Selection,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
  timing: WatchTiming,
): Promise<void> {
  const known = new Map<string, LiveObject>();
  let version: string | undefined;
  let stale = false;
  let faults = 0;

  function listed(objects: readonly LiveObject[]): void {
    known.clear();
    for (const object of objects) known.set(keyOf(object), object);
    stale = false;
    onEvent({ type: 'list', objects });
  }

  /** Says that what is known may be old, once, and waits before the next try. */
  async function pause(failure: ClusterFailure | undefined): Promise<void> {
    if (failure !== undefined && !stale && !signal.aborted) {
      stale = true;
      onEvent({ type: 'stale', reason: failure });
    }
    const grown = Math.min(timing.backoffMs * 2 ** faults++, timing.maxBackoffMs);
    const wait = failure?.reason === 'forbidden' ? timing.forbiddenMs : grown;
    await idle(wait * (0.5 + timing.random() / 2), signal);
  }

  const handlers: Follow = {
    kind,
    transport,
    signal,
    timing,
    alive() {
      // Back without a new list: what was known is true again.
      if (stale) listed([...known.values()]);
    },
    moved(to) {
      version = to;
    },
    event(event) {
      if (event.type === 'set') known.set(keyOf(event.object), event.object);
      else known.delete(keyOf(event.object));
      onEvent(event);
    },
  };

  while (!signal.aborted) {
    if (version === undefined) {
      const answer = await list(transport, kind, selection, signal);
      if (signal.aborted) return;
      if (!answer.ok) {
        await pause(answer.failure);
        continue;
      }
      version = answer.value.resourceVersion;
      listed(answer.value.objects);
    }
    const started = performance.now();
    const stream = await open(transport, kind, selection, version, timing, signal);
    if (signal.aborted) return;
    const ended = stream.ok ? await follow(stream.value, handlers) : refused(stream.failure);
    if (signal.aborted) return;
    if (ended.how === 'expired') {
      version = undefined;
      // One list at once; only a server that keeps expiring what it has just listed is waited for.
      if (faults++ === 0) await idle(timing.spacingMs * timing.random(), signal);
      else await pause(ended.failure);
      continue;
    }
    if (ended.progress) faults = 0;
    if (ended.failure !== undefined) await pause(ended.failure);
    else await idle(timing.spacingMs - (performance.now() - started), signal);
  }
}

function refused(failure: ClusterFailure): Ended {
  if (failure.status === 410) return { how: 'expired', failure };
  // The kind went away or came back in another shape: only a new list can tell.
  if (failure.reason === 'unknown-kind') return { how: 'expired', failure };
  return { how: 'again', failure, progress: false };
}

function open(
  transport: Transport,
  kind: ServedKind,
  selection: Selection,
  resourceVersion: string,
  timing: WatchTiming,
  signal: AbortSignal,
): Promise<ClusterAnswer<Readable>> {
  const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', resourceVersion });
  // Spread out, so that the watches of a window do not all end in the same second.
  query.set('timeoutSeconds', String(Math.round(300 + 300 * timing.random())));
  if (selection.labelSelector) query.set('labelSelector', selection.labelSelector);
  return transport.stream({ method: 'GET', path: `${collectionPath(kind, selection.namespace)}?${query}`, signal });
}

interface Follow {
  readonly kind: ServedKind;
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly timing: WatchTiming;
  alive(): void;
  moved(resourceVersion: string): void;
  event(event: WatchEvent & { readonly type: 'set' | 'gone' }): void;
}

async function follow(stream: Readable, on: Follow): Promise<Ended> {
  let progress = false;
  let dead = false;
  const { idleMs, beatMs, spacingMs, now } = on.timing;
  const leave = () => {
    dead = true;
    stream.destroy();
  };
  const timer = setTimeout(leave, idleMs).unref();
  const beat = setInterval(watchClock(now, beatMs, leave), beatMs).unref();
  // A stream that has lived so long without an error is believed.
  const settled = setTimeout(on.alive, spacingMs);
  try {
    for await (const line of lines(stream, () => timer.refresh())) {
      if (on.signal.aborted) break;
      const ended = take(line, on);
      if (ended !== undefined) return ended;
      progress = true;
    }
    return { how: 'again', progress };
  } catch (cause) {
    if (dead) return { how: 'again', progress };
    const why = cause instanceof Error ? cause.message : String(cause);
    return {
      how: 'again',
      progress,
      failure: on.transport.fail('unreachable', `the watch of ${on.kind.plural} broke (${why})`),
    };
  } finally {
    clearTimeout(timer);
    clearInterval(beat);
    clearTimeout(settled);
    stream.destroy();
  }
}

/** Timers stand still while the machine sleeps: the clock on the wall is then far ahead of the last beat. */
function watchClock(now: () => number, beatMs: number, slept: () => void): () => void {
  let last = now();
  return () => {
    const before = last;
    last = now();
    if (last - before > 4 * beatMs) slept();
  };
}

/** One line of the stream; an answer ends it. */
function take(line: string, on: Follow): Ended | undefined {
  let event: { readonly type?: Json; readonly object?: Json };
  try {
    event = readJson(line) as typeof event;
  } catch {
    // Not to be skipped: what it said is unknown, so the stream begins again after the last line that was understood.
    const failure = on.transport.fail('server-error', `the watch of ${on.kind.plural} sent a line that is no JSON`);
    return { how: 'again', failure, progress: false };
  }
  const object = event.object as LiveObject | undefined;
  if (event.type === 'ERROR') {
    const code = Number(object?.code ?? 500);
    const said = failureOf(code, object ?? null, nobody);
    const failure = { ...on.transport.fail(said.reason, String(object?.message ?? 'the watch failed')), status: code };
    return code === 410 ? { how: 'expired', failure } : { how: 'again', failure, progress: false };
  }
  const metadata = object?.metadata as { readonly resourceVersion?: Json } | undefined;
  if (object === undefined || metadata === undefined) {
    const failure = on.transport.fail('server-error', `the watch of ${on.kind.plural} sent an event without an object`);
    return { how: 'again', failure, progress: false };
  }
  on.alive();
  if (event.type === 'ADDED' || event.type === 'MODIFIED') on.event({ type: 'set', object });
  else if (event.type === 'DELETED') on.event({ type: 'gone', object });
  // A bookmark is an empty object: nothing but its version counts. Other types are of a later day.
  if (typeof metadata.resourceVersion === 'string') on.moved(metadata.resourceVersion);
  return undefined;
}

const nobody = { context: '', server: '', writes: false, secrets: [] };

async function* lines(stream: Readable, alive: () => void): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    alive();
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      [parts, size, start] = [[], 0, end + 1];
      if (line.trim() !== '') yield line;
    }
    parts.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > maxLine) throw new Error(`a line is longer than ${maxLine >> 20} MiB`);
  }
  // The server cuts a stream between lines: half a line is a broken connection.
  const rest = Buffer.concat(parts).toString('utf8');
  if (rest.trim() !== '') yield rest;
}

function keyOf(object: LiveObject): string {
  const { namespace, name } = object.metadata as { readonly namespace?: string; readonly name?: string };
  return `${namespace ?? ''}/${name ?? ''}`;
}

async function idle(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
