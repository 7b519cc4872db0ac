/** Helm's tests after a release was made: hooks of the event `test`, those of them that the HelmRelease's filters let through. */
import { runsTest } from '../../plan/releasespec.ts';
import { isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import { runHooks } from './hooks.ts';
import type { Operation } from './operation.ts';

export interface Tested {
  /** `testHooks` of the release's snapshot. */
  readonly hooks: JsonObject;
  readonly wrong?: string;
}

/** undefined where tests are not enabled. */
export async function testRelease(operation: Operation): Promise<Tested | undefined> {
  const { test } = operation.spec;
  if (test === undefined) return undefined;
  const testing: Operation = { ...operation, action: test };
  const runs = (name: string) => runsTest(test, name);
  const wrong = await runHooks(testing, 'test', runs);
  operation.record = testing.record;
  const hooks = listAt(testing.record.json, 'hooks').filter(
    (hook): hook is JsonObject =>
      isObject(hook) && listAt(hook, 'events').includes('test') && runs(stringAt(hook, 'name')),
  );
  const statuses = hooks.map((hook) => [stringAt(hook, 'name'), statusOf(hook)] as const);
  return { hooks: Object.fromEntries(statuses), ...(wrong === undefined ? {} : { wrong }) };
}

function statusOf(hook: JsonObject): JsonObject {
  const time = (field: string) => stringAt(hook, 'last_run', field);
  const [started, completed] = [time('started_at'), time('completed_at')];
  return {
    ...(started === '' ? {} : { lastStarted: started }),
    ...(completed === '' ? {} : { lastCompleted: completed }),
    phase: stringAt(hook, 'last_run', 'phase'),
  };
}
