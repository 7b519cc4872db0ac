/** The order of the output: as accumulated, or kustomize's legacy order by kind, as `sortOptions` or the caller ask. */
import { legacyOrder } from './config.ts';
import { compareText } from './decode.ts';
import type { SortOptions } from './kustomization.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import type { ResId, Resource } from './resource.ts';

export function sortResources(map: ResMap, options: SortOptions | undefined, reorder: 'none' | 'legacy'): void {
  if (options === undefined) {
    if (reorder === 'legacy') sortLegacy(map, legacyOrder.first, legacyOrder.last);
    return;
  }
  const order = options.order?.text ?? '';
  if (order !== 'legacy' && order !== 'fifo') {
    throw new Refusal("the field 'sortOptions.order' must be one of [fifo, legacy]", options.order?.at ?? options.at);
  }
  const own = options.legacySortOptions;
  if (order === 'fifo') {
    if (own === undefined) return;
    throw new Refusal(
      "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
      own.at,
    );
  }
  if (own === undefined) sortLegacy(map, legacyOrder.first, legacyOrder.last);
  else sortLegacy(map, texts(own.orderFirst), texts(own.orderLast));
}

const texts = (list: readonly { readonly text: string }[] | undefined): readonly string[] =>
  (list ?? []).map(({ text }) => text);

function sortLegacy(map: ResMap, first: readonly string[], last: readonly string[]): void {
  const rank = new Map<string, number>();
  for (const [index, kind] of first.entries()) rank.set(kind, index - first.length);
  for (const [index, kind] of last.entries()) rank.set(kind, index + 1);
  const rows = map.resources.map((of): Row => {
    const id = map.current(of);
    return { of, id, rank: rank.get(id.kind) ?? 0, kind: kindText(id), text: idSortText(id) };
  });
  map.reset(rows.sort(compare).map(({ of }) => of));
}

interface Row {
  readonly of: Resource;
  readonly id: ResId;
  readonly rank: number;
  readonly kind: string;
  readonly text: string;
}

function compare(a: Row, b: Row): number {
  if (a.kind === b.kind) return compareText(a.text, b.text);
  if (a.rank !== b.rank) return a.rank - b.rank;
  const byKind = compareText(a.kind, b.kind);
  // Core namespaces come before those of any other group that has such a kind.
  const areNamespaces = a.id.kind === 'Namespace' && b.id.kind === 'Namespace';
  return areNamespaces && (a.id.group === '' || b.id.group === '') ? -byKind : byKind;
}

function kindText({ group, version, kind }: ResId): string {
  return `${group || '~G'}_${version || '~V'}_${kind || '~K'}`;
}

function idSortText({ group, version, kind, namespace, name }: ResId): string {
  const gvk = `${kind || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}`;
  return `${gvk}|${namespace || '~X'}|${name || '~N'}`;
}
