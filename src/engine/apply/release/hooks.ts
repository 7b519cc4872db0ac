/**
 * Running the hooks of a release as Helm does: by weight and name, each after its predecessor has ended, deleted before
 * it is created anew or when its policy says so. The record says of each hook when it ran and how it went.
 */
import { titleOf } from '../../objects/object.ts';
import { helmManager, recordOf } from '../../release/index.ts';
import { intAt, isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { inCluster } from '../site.ts';
import { sending, signalOf } from '../turn.ts';
import { clean, nowText, type Operation, stopReason, write } from './operation.ts';
import { type Placed, placedIn } from './placed.ts';
import { waitForHook, waitUntilGone } from './wait.ts';

type Policy = 'before-hook-creation' | 'hook-succeeded' | 'hook-failed';

/** undefined when all hooks of the event have run, or those whose names are wanted; else what failed. */
export async function runHooks(
  operation: Operation,
  event: string,
  wanted: (name: string) => boolean = () => true,
): Promise<string | undefined> {
  if (!operation.action.hooks) return undefined;
  const hooks = hooksOf(operation)
    .filter((hook) => listAt(hook, 'events').includes(event) && wanted(stringAt(hook, 'name')))
    .sort(byWeight);
  for (const [index, hook] of hooks.entries()) {
    const failed = await runHook(operation, event, hook);
    if (failed === undefined) continue;
    // What could not be created has nothing to clean up, and then Helm leaves the hooks before it, too.
    if (failed.ran) {
      await cleanUp(operation, [hook], 'hook-failed');
      await cleanUp(operation, hooks.slice(0, index), 'hook-succeeded');
    }
    return `${failing[event] ?? ''}${failed.wrong}`;
  }
  return cleanUp(operation, [...hooks].reverse(), 'hook-succeeded');
}

function hooksOf({ record }: Operation): readonly JsonObject[] {
  return listAt(record.json, 'hooks').filter(isObject);
}

function byWeight(a: Json, b: Json): number {
  const [first, second] = [stringAt(a, 'name'), stringAt(b, 'name')];
  return intAt(a, ['weight'], 0) - intAt(b, ['weight'], 0) || (first < second ? -1 : first > second ? 1 : 0);
}

interface FailedHook {
  readonly wrong: string;
  /** It was created, and then failed. */
  readonly ran: boolean;
}

async function runHook(operation: Operation, event: string, hook: JsonObject): Promise<FailedHook | undefined> {
  const { state, turn } = operation;
  const stop = stopReason(state, turn);
  if (stop !== undefined) return { wrong: stop, ran: false };
  const stuck = await cleanUp(operation, [hook], 'before-hook-creation');
  if (stuck !== undefined) return { wrong: clean(operation, stuck), ran: false };
  const started = nowText(state);
  await noteRun(operation, hook, { started_at: started, phase: 'Running' });
  const failed = await create(operation, hook);
  await noteRun(operation, hook, {
    started_at: started,
    completed_at: nowText(state),
    phase: failed === undefined ? 'Succeeded' : 'Failed',
  });
  if (failed === undefined) return undefined;
  const { wrong, ran } = failed;
  return { wrong: clean(operation, `warning: Hook ${event} ${stringAt(hook, 'path')} failed: ${wrong}`), ran };
}

/** In Helm's words. */
const failing: Readonly<Record<string, string>> = {
  'pre-install': 'failed pre-install: ',
  'post-install': 'failed post-install: ',
  'pre-upgrade': 'pre-upgrade hooks failed: ',
  'post-upgrade': 'post-upgrade hooks failed: ',
};

async function create(operation: Operation, hook: JsonObject): Promise<FailedHook | undefined> {
  const { state, action, turn } = operation;
  for (const { object, awaited } of await partsOf(operation, hook)) {
    sending(state, turn, awaited.id);
    const options = { manager: helmManager, force: false, dryRun: false };
    const answer = await turn.site.cluster.apply(object, options, state.options.signal);
    if (!answer.ok) return { wrong: answer.failure.message, ran: false };
    state.tell({
      type: 'object',
      owner: turn.group.owner.id,
      id: awaited.id,
      outcome: 'applied',
      message: `hook ${listAt(hook, 'events').join(', ')}`,
      ...inCluster(turn.site),
    });
    const wrong = await waitForHook(operation, awaited, action);
    if (wrong !== undefined) return { wrong, ran: true };
  }
  return undefined;
}

function partsOf(operation: Operation, hook: JsonObject): Promise<readonly Placed[]> {
  return placedIn(operation, typeof hook.manifest === 'string' ? hook.manifest : '');
}

function policiesOf(hook: JsonObject): readonly Json[] {
  const policies = listAt(hook, 'delete_policies');
  return policies.length === 0 ? ['before-hook-creation'] : policies;
}

/** Deletes the hooks that have the policy; definitions never, for all objects of their kind would go with them. */
async function cleanUp(
  operation: Operation,
  hooks: readonly JsonObject[],
  policy: Policy,
): Promise<string | undefined> {
  const { state, turn, action } = operation;
  for (const hook of hooks) {
    if (!policiesOf(hook).includes(policy) || stringAt(hook, 'kind') === 'CustomResourceDefinition') continue;
    for (const { awaited } of await partsOf(operation, hook)) {
      const { signal } = signalOf(state.options);
      const answer = await turn.site.cluster.delete(awaited.ref, { propagation: 'Background' }, signal);
      if (!answer.ok && answer.failure.reason === 'not-found') continue;
      if (!answer.ok) return `${titleOf(awaited.id)} could not be deleted: ${answer.failure.message}`;
      const wrong = await waitUntilGone(turn.site.cluster, state, awaited, action.timeout);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}

async function noteRun(operation: Operation, hook: JsonObject, run: JsonObject): Promise<void> {
  const { json } = operation.record;
  const hooks = hooksOf(operation).map((one) =>
    stringAt(one, 'name') === stringAt(hook, 'name') &&
    stringAt(one, 'path') === stringAt(hook, 'path') &&
    stringAt(one, 'kind') === stringAt(hook, 'kind')
      ? { ...one, delete_policies: policiesOf(one), last_run: run }
      : one,
  );
  await write(operation, recordOf({ ...json, hooks }));
}
