/**
 * What the chart of one release looks up in its cluster while it renders, remembered for what has to be said of it: whose
 * values these are, what is not read yet, and which texts came out of Secrets and are shown nowhere.
 */
import { string } from '../../flux/index.ts';
import type { Lookup, LookupQuery, RenderedChart } from '../../helm/index.ts';
import type { LiveObject } from '../../ports.ts';
import { get, type Mapping, type Origin } from '../../yaml/node.ts';
import type { RemoteCluster, RenderContext } from '../context.ts';
import { fromBase64 } from '../variables.ts';

export interface Lookups {
  /** Handed to the chart. */
  readonly lookup: Lookup;
  /** What it found, for the list of a set's inputs. */
  inputs(at: Origin): readonly { readonly title: string; readonly from: 'cluster'; readonly at: Origin }[];
  /** One sentence for what is not known: read in the next round, or never where there is no cluster. */
  notes(): readonly string[];
  /** Whether an answer was still to be read. */
  isPending(): boolean;
  /** Every text of the Secrets that were found. */
  secretValues(): readonly string[];
}

/** A secret shorter than this would mask half of every text. */
const shortestSecret = 4;
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function lookupsOf(release: Mapping, namespace: string, { options }: RenderContext): Lookups {
  const remote = remoteOf(release, namespace);
  const account = string(get(release, 'spec'), 'serviceAccountName')?.value ?? '';
  const about = { asks: { namespace, account }, ...(remote && { remote }) };
  const found = new Map<string, LiveObject>();
  const absent = { pending: new Set<string>(), offline: new Set<string>() };
  return {
    lookup(query) {
      const answer = options.lookup?.({ ...query, ...about });
      if (answer === undefined) absent.offline.add(titleOf(query));
      else if ('found' in answer) found.set(titleOf(query), answer.found);
      else if ('missing' in answer && answer.missing === 'pending') absent.pending.add(titleOf(query));
      return answer;
    },
    inputs: (at) => [...found.keys()].sort().map((title) => ({ title, from: 'cluster' as const, at })),
    isPending: () => absent.pending.size > 0,
    notes: () => [
      ...[...absent.pending].sort().map((title) => `the chart looks up ${title}, which was not read in the cluster`),
      ...[...absent.offline].sort().map((title) => `the chart looks up ${title}: without a cluster it finds nothing`),
    ],
    secretValues: () => [...new Set([...found.values()].flatMap(secretsIn).flatMap(textsOf))].filter(isTelling),
  };
}

function titleOf({ apiVersion, kind, namespace, name }: LookupQuery): string {
  const where = namespace === '' ? '' : `${namespace}/`;
  const what = apiVersion === 'v1' ? kind : `${kind} (${apiVersion})`;
  return name === '' ? `every ${what}${namespace === '' ? '' : ` of ${namespace}`}` : `${what} ${where}${name}`;
}

function remoteOf(release: Mapping, namespace: string): RemoteCluster | undefined {
  const kubeConfig = get(get(release, 'spec'), 'kubeConfig');
  if (kubeConfig === undefined) return undefined;
  const map = string(kubeConfig, 'configMapRef', 'name')?.value;
  if (map !== undefined) return { kind: 'ConfigMap', namespace, name: map, key: '' };
  const of = (field: string) => string(kubeConfig, 'secretRef', field)?.value ?? '';
  return { kind: 'Secret', namespace, name: of('name'), key: of('key') };
}

function secretsIn(object: LiveObject): readonly LiveObject[] {
  const all = Array.isArray(object.items) ? (object.items as readonly LiveObject[]) : [object];
  return all.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Secret');
}

/** A Secret's values as they are stored and decoded, and kubectl's copy of all of them. */
function textsOf({ data, metadata }: LiveObject): readonly string[] {
  const stored = Object.values((data ?? {}) as Record<string, unknown>).map(String);
  const { annotations } = (metadata ?? {}) as { readonly annotations?: Record<string, string> };
  const copy = annotations?.[lastApplied];
  return [...stored, ...stored.map(fromBase64), ...(copy === undefined ? [] : [copy])];
}

/** Whatever a template printed that goes back to a Secret's data: a part of a value, its hash, a text around it. */
export function printedSecrets(rendered: RenderedChart, isSecret: (place: Origin) => boolean): readonly string[] {
  const sources = new Set([...rendered.manifests, ...rendered.hooks].map(({ source }) => source));
  const texts = [...sources].flatMap((source) => {
    const segments = rendered.segments(source).filter(({ values }) => values.some(isSecret));
    return segments.flatMap(({ start, end }) => linesOf(rendered.text(source).slice(start, end)));
  });
  return [...new Set(texts)].filter(isTelling);
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim());
}

function isTelling(text: string): boolean {
  return text.trim().length >= shortestSecret && !/^(true|false|null)$/i.test(text);
}
