/**
 * Dry runs that need not be asked for, as their answer is known to be the live object itself: the apply would change
 * nothing, nothing in the cluster could change or refuse it, and whoever asks may send it. What has to be known for that
 * is asked once for each plan; where it may not be seen, or anything is in doubt, the dry run is asked for as ever.
 */
import type { LiveObject, ServedKind } from '../../ports.ts';
import { stringAt } from '../../status/fields.ts';
import type { Payload } from '../payload.ts';
import { type Requests, steadily } from '../requests.ts';
import { admissionGroup, admissionKinds, couldTouch, isBuiltin } from './admission.ts';
import { stillDefined } from './definition.ts';
import { appliedAt, isNoop } from './noop.ts';

export interface Apply {
  readonly payload: Payload;
  readonly live: LiveObject;
  readonly served: ServedKind;
}

/** Whether the dry run of an apply would answer with the live object. */
export type Spared = (apply: Apply) => Promise<boolean>;

export const noneSpared: Spared = async () => false;

/** Whether a cluster lets an apply that changes nothing be one, whoever sends it. */
export type LetsBe = (apply: Apply) => Promise<boolean>;

/** `requests` are those of the user of the context, who may see more than a service account. */
export function letsBeIn(requests: Requests): LetsBe {
  const configurations = once(() => configurationsOf(requests));
  const definition = once((name) => definitionOf(requests, name));
  return async ({ payload, live, served }) => {
    const found = await configurations('');
    if (found === undefined || couldTouch(found, served)) return false;
    if (isBuiltin(served)) return true;
    const defined = await definition(`${served.plural}.${served.group}`);
    return defined !== undefined && stillDefined(defined, served, appliedAt(payload, live));
  };
}

/** `requests` are those that would ask for the dry runs. */
export function sparedBy(requests: Requests, letsBe: LetsBe): Spared {
  const everywhere = once((_, kind: ServedKind) => mayPatch(requests, kind, ''));
  const inside = once((_, kind: ServedKind, namespace: string) => mayPatch(requests, kind, namespace));
  return async (apply) => {
    const { payload, live, served } = apply;
    if (!isNoop(payload, live) || !(await letsBe(apply))) return false;
    const key = `${served.plural}.${served.group}`;
    if (await everywhere(key, served)) return true;
    const namespace = stringAt(payload.object, 'metadata', 'namespace');
    return namespace !== '' && inside(`${key} ${namespace}`, served, namespace);
  };
}

/** Everything that has its say in what is written; undefined where that may not be seen. */
async function configurationsOf({ served, slot, cluster, signal }: Requests) {
  const lists = await Promise.all(
    admissionKinds.map(async ({ kind, always }): Promise<readonly LiveObject[] | undefined> => {
      const known = await served(admissionGroup, kind, 'v1');
      if (!known.ok) return undefined;
      const as = known.value;
      if (as === undefined) return always ? undefined : [];
      const answer = await slot(() => steadily(() => cluster.list(as, {}, signal)));
      return answer.ok ? answer.value : undefined;
    }),
  );
  return lists.some((list) => list === undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

async function definitionOf({ get }: Requests, name: string): Promise<LiveObject | undefined> {
  const kind = 'CustomResourceDefinition';
  const answer = await get({ apiVersion: 'apiextensions.k8s.io/v1', kind, namespace: '', name });
  return answer.ok ? answer.value : undefined;
}

async function mayPatch({ slot, cluster, signal }: Requests, kind: ServedKind, namespace: string): Promise<boolean> {
  const answer = await slot(() => steadily(() => cluster.mayPatch(kind, namespace, signal)));
  return answer.ok && answer.value;
}

/** Asks once for each key. */
function once<T, A extends readonly unknown[]>(
  ask: (key: string, ...rest: A) => Promise<T>,
): (key: string, ...rest: A) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key, ...rest) => {
    const answer = known.get(key) ?? ask(key, ...rest);
    known.set(key, answer);
    return answer;
  };
}
