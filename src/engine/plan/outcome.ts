/** One wanted object against its live one: what the server says an apply would do. */
import { hideInMessage, hideInProblems } from '../objects/hide.ts';
import { titleOf } from '../objects/object.ts';
import type { ClusterFailure, LiveObject, ObjectRef } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import type { DesiredObject } from '../render/desired.ts';
import { isObject, stringAt, stringsAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { lacksRight } from './accounts.ts';
import { compare, type Path, pathText, same } from './changes.ts';
import { cleanupPatch, cleanupReason } from './cleanup.ts';
import { entryDangers } from './dangers/index.ts';
import { estimate } from './estimate.ts';
import { forced, skipReason } from './exempt.ts';
import { bookkeeping, contentOf } from './hash.ts';
import { ignoredPaths, settleIgnored, without } from './ignore.ts';
import { keysFrom, managerOf } from './managers.ts';
import { mask, secretsIn } from './mask.ts';
import { originOf } from './origins.ts';
import type { OwnerSpec } from './owner.ts';
import { type Payload, remember } from './payload.ts';
import type { FieldChange, PlanEntry } from './plan.ts';
import { type Requests, steadily } from './requests.ts';

export interface Question {
  readonly object: DesiredObject;
  readonly payload: Payload;
  readonly ref: ObjectRef;
  readonly live: LiveObject | undefined;
  readonly spec: OwnerSpec;
  /** Values that its owner took from Secrets when it was last applied. */
  readonly earlierSecrets?: readonly string[];
  /** The service account that it is asked as, as Flux does. */
  readonly as?: string;
  /** Whether the server need not be asked, as the object would stay as it is. */
  isSpared(live: LiveObject, payload: Payload): Promise<boolean>;
  /** Whether the plan itself creates this namespace. */
  createsNamespace(name: string): boolean;
}

export interface Outcome {
  readonly entry: PlanEntry;
  readonly problems: readonly Problem[];
  /** The failure that hit the request, so that the caller can stop or gather. */
  readonly failure?: ClusterFailure;
}

export async function outcomeOf(requests: Requests, question: Question): Promise<Outcome> {
  const { live, payload } = question;
  const skipped = skipReason(payload.object, live);
  if (skipped !== undefined)
    return { entry: { ...base(question), ...sides(question, live), action: 'skip', reason: skipped }, problems: [] };
  if (live !== undefined && (await question.isSpared(live, payload)))
    return { entry: compared(question, payload, live), problems: [] };
  const options = { manager: payload.manager, force: true, dryRun: true };
  const answer = await requests.slot(() =>
    steadily(() => requests.cluster.apply(payload.object, options, requests.signal)),
  );
  return answer.ok
    ? { entry: compared(question, payload, answer.value), problems: [] }
    : failed(question, answer.failure);
}

function base({ object, live }: Question) {
  const seen =
    live === undefined
      ? {}
      : {
          seen: {
            uid: stringAt(live, 'metadata', 'uid'),
            resourceVersion: stringAt(live, 'metadata', 'resourceVersion'),
            content: contentOf(live),
          },
        };
  return { id: object.id, at: object.node.at, changes: [] as readonly FieldChange[], ...seen };
}

function sides({ object, earlierSecrets }: Question, before: Json | undefined, after?: Json) {
  const shown = (side: Json | undefined) => (side === undefined ? undefined : shownOf(side));
  return mask(shown(before), shown(after), { now: object.secretValues ?? [], before: earlierSecrets ?? [] });
}

/** An object as people compare it: without status and what the server keeps for itself. */
export function shownOf(object: Json): Json {
  if (!isObject(object)) return object;
  const { status: _status, metadata, ...rest } = object;
  const kept: Record<string, Json> = Object.create(null);
  if (isObject(metadata)) {
    for (const [key, value] of Object.entries(metadata)) if (!bookkeeping.has(key)) kept[key] = value;
  }
  return { ...rest, metadata: kept };
}

function compared(question: Question, payload: Payload, would: LiveObject): PlanEntry {
  const { live, spec } = question;
  if (live === undefined) {
    const entry = {
      ...base(question),
      ...sides(question, undefined, would),
      action: 'create' as const,
      reason: 'not in the cluster',
    };
    return finish(question, entry, payload, undefined, would);
  }
  const ignored = ignoredPaths(spec.ignore, would);
  const [is, then] = [without(live, ignored), without(would, ignored)];
  const drift = live !== would && drifted(is, then);
  const cleanup = cleanupPatch(payload.object, live, payload.manager);
  const shown = sides(question, is, then);
  if (!drift && cleanup.length === 0) {
    const told =
      ignored.length > 0 && live !== would && drifted(live, would)
        ? onlyIgnored(ignored)
        : { reason: 'as in the cluster' };
    return remember({ ...base(question), ...shown, action: 'unchanged', ...told }, payload);
  }
  const settled =
    ignored.length === 0
      ? payload
      : { ...payload, object: settleIgnored(payload.object, live, would, ignored, payload.manager) as LiveObject };
  const found = differences(question, shown.before!, shown.after!, would);
  const reason = !drift
    ? cleanupReason(cleanup)
    : found.changes.length === 0 && found.reordered !== undefined
      ? 'only the order of list items differs'
      : 'differs from the cluster';
  return finish(question, { ...base(question), ...shown, ...found, action: 'configure', reason }, settled, is, then);
}

function onlyIgnored(ignored: readonly Path[]): Pick<PlanEntry, 'reason' | 'ignored'> {
  const paths = ignored.map(pathText).join(', ');
  return { reason: `differs only in what an ignore rule of its owner leaves alone (${paths})`, ignored };
}

/** Flux's test (fluxcd/pkg/ssa): labels, annotations, and the object without metadata and status. */
function drifted(live: Json, would: Json): boolean {
  for (const place of ['labels', 'annotations'] as const) {
    if (!same(stringsAt(live, 'metadata', place), stringsAt(would, 'metadata', place))) return true;
  }
  return !same(body(live), body(would));
}

function body(object: Json): Json {
  if (!isObject(object)) return object;
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

function differences(
  { object, live }: Question,
  before: Json,
  after: Json,
  would: Json,
): { readonly changes: readonly FieldChange[]; readonly reordered?: PlanEntry['reordered'] & {} } {
  const { changes, reordered } = compare(before, after, keysFrom(would));
  const told = changes.map((change): FieldChange => {
    const from = change.after === undefined ? undefined : originOf(object.node, would, change.path);
    const manager = live === undefined || change.before === undefined ? undefined : managerOf(live, change.path);
    return { ...change, ...(from === undefined ? {} : { at: from }), ...(manager === undefined ? {} : { manager }) };
  });
  return reordered.length === 0 ? { changes: told } : { changes: told, reordered };
}

/** Dangers last, when the entry is otherwise whole; and the payload, which stays outside of it. */
function finish(
  question: Question,
  entry: PlanEntry,
  payload: Payload,
  before: Json | undefined,
  after: Json,
): PlanEntry {
  const { object, earlierSecrets = [] } = question;
  const dangers = hideInProblems(entryDangers({ entry, before, after }), [
    ...(object.secretValues ?? []),
    ...earlierSecrets,
  ]);
  return remember(dangers.length === 0 ? entry : { ...entry, dangers }, payload ?? question.payload);
}

function failed(question: Question, failure: ClusterFailure): Outcome {
  const { object, payload, live, ref, spec } = question;
  const secrets = [...(object.secretValues ?? []), ...(question.earlierSecrets ?? []), ...secretsIn(payload.object)];
  const message = hideInMessage(failure.message, secrets);
  if (failure.reason === 'not-found' && live === undefined && ref.namespace !== '')
    return inMissingNamespace(question, message);
  if (live !== undefined && isImmutable(failure)) {
    const guess = estimate(live, payload);
    const shown = sides(question, live, guess);
    const found = differences(question, shown.before!, shown.after!, live);
    const entry = { ...base(question), ...shown, ...found, estimated: true };
    if (spec.force || forced(payload.object, live)) {
      const reason = `an immutable field differs, and force is on: deleted and created again (${message})`;
      return { entry: finish(question, { ...entry, action: 'recreate', reason }, payload, live, guess), problems: [] };
    }
    const reason = `the cluster refuses it: ${message}`;
    const unforced = finish(question, { ...entry, action: 'unknown', reason }, payload, live, guess);
    return { entry: unforced, problems: [rejected(question, message)], failure };
  }
  if (failure.reason === 'forbidden') return forbidden(question, failure);
  const entry: PlanEntry = { ...base(question), ...sides(question, live), action: 'unknown', reason: message };
  const problems = ['unreachable', 'unauthorized', 'canceled'].includes(failure.reason)
    ? []
    : [rejected(question, message)];
  return { entry, problems, failure };
}

/** As kubectl and Flux tell it: any refusal of an existing object's new content may be an immutable field. */
function isImmutable(failure: ClusterFailure): boolean {
  if (failure.reason === 'immutable' || failure.reason === 'invalid' || failure.reason === 'conflict') return true;
  return /is\simmutable|immutable\sfield/.test(failure.message);
}

function rejected({ object }: Question, message: string): Problem {
  return error('cluster-rejected', `${titleOf(object.id)}: ${message}`, object.node.at);
}

function inMissingNamespace(question: Question, message: string): Outcome {
  const { payload, ref } = question;
  const shown = sides(question, undefined, payload.object);
  if (question.createsNamespace(ref.namespace)) {
    const reason = `not in the cluster; its namespace ${ref.namespace} is created by this plan`;
    const entry = { ...base(question), ...shown, action: 'create' as const, reason, estimated: true };
    return { entry: finish(question, entry, payload, undefined, payload.object), problems: [] };
  }
  const entry: PlanEntry = { ...base(question), ...shown, action: 'unknown', reason: message };
  return { entry, problems: [rejected(question, message)] };
}

/** Without the right to patch, the difference is worked out from managed fields, and says so. */
function forbidden(question: Question, failure: ClusterFailure): Outcome {
  const { live, payload, as } = question;
  if (as !== undefined) return forbiddenToAccount(question, failure, as);
  const label = 'estimated from managed fields, as you may not dry-run it here';
  if (live === undefined) {
    const shown = sides(question, undefined, payload.object);
    const entry = {
      ...base(question),
      ...shown,
      action: 'create' as const,
      reason: `not in the cluster (${label})`,
      estimated: true,
    };
    return { entry: finish(question, entry, payload, undefined, payload.object), problems: [], failure };
  }
  const guess = estimate(live, payload);
  const ignored = ignoredPaths(question.spec.ignore, live);
  const shown = sides(question, without(live, ignored), without(guess, ignored));
  const found = differences(question, shown.before!, shown.after!, live);
  const action = drifted(without(live, ignored), without(guess, ignored))
    ? ('configure' as const)
    : ('unchanged' as const);
  const entry = {
    ...base(question),
    ...shown,
    ...found,
    action,
    reason: `${action === 'configure' ? 'differs from' : 'as in'} the cluster (${label})`,
    estimated: true,
  };
  return { entry: finish(question, entry, payload, live, guess), problems: [], failure };
}

/** Flux, which acts as the same account, will be refused as well. */
function forbiddenToAccount(question: Question, failure: ClusterFailure, as: string): Outcome {
  const { live, payload } = question;
  const guess = live === undefined ? payload.object : estimate(live, payload);
  const shown = sides(question, live, guess);
  const found = live === undefined ? {} : differences(question, shown.before!, shown.after!, live);
  const reason = lacksRight(as, failure.message);
  const entry = { ...base(question), ...shown, ...found, action: 'unknown' as const, reason, estimated: true };
  return { entry: finish(question, entry, payload, live, guess), problems: [], failure };
}
