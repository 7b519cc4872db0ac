/** Fields of live objects as text; what is not there or of another type reads as the empty text. */
import type { Json } from '../../engine/index.ts';

export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string'
    ? found
    : typeof found === 'number' || typeof found === 'bigint'
      ? String(found)
      : '';
}

export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || Array.isArray(here) || !Object.hasOwn(here, key)) return undefined;
    here = (here as { readonly [key: string]: Json })[key];
  }
  return here;
}

/** What a Flux object last applied or fetched. */
export function revisionOf(live: Json): string {
  const chart = valueAt(live, 'status', 'history');
  const latest = Array.isArray(chart) ? textAt(chart[0] as Json, 'chartVersion') : '';
  return (
    textAt(live, 'status', 'lastAppliedRevision') ||
    latest ||
    textAt(live, 'status', 'artifact', 'revision') ||
    textAt(live, 'status', 'latestRef', 'tag') ||
    textAt(live, 'status', 'lastAttemptedRevision')
  );
}

/** Revisions as people read them: `main@sha1:1234567`. */
export function shortRevision(revision: string): string {
  return revision.replace(/(sha\d+:[0-9a-f]{8})[0-9a-f]+/g, '$1');
}
