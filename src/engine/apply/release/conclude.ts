/** The end of an installation or upgrade: the record as it turned out, tests, what a failure calls for, and the status. */
import { type ReleaseRecord, updateRelease, withStatus } from '../../release/index.ts';
import { stringAt } from '../../status/fields.ts';
import { noteOutcome } from './noted.ts';
import { clean, type Operation, write } from './operation.ts';
import { cleanUpAfter, type Remedied, remedy } from './remedy.ts';
import { testRelease } from './testing.ts';

export async function conclude(
  operation: Operation,
  history: readonly ReleaseRecord[],
  wrong: string | undefined,
): Promise<void> {
  const { state, turn } = operation;
  const action = operation.record.status === 'pending-upgrade' ? 'upgrade' : 'install';
  const took = state.options.timer.now() - Date.parse(stringAt(operation.record.json, 'info', 'last_deployed'));
  if (wrong !== undefined) {
    const said = clean(operation, wrong);
    await fail(operation, action, said);
    const remedied = await remediate(operation, action, history);
    await noteOutcome(operation, { action, earlier: history, took, wrong: said, ...remedied });
    return;
  }
  const earlier = await succeed(operation, action, history);
  if (earlier === undefined) return;
  const tested = await testRelease(operation);
  const failed = tested?.wrong !== undefined && operation.spec.test?.ignoreFailures !== true;
  if (tested?.wrong !== undefined) tellTest(operation, tested.wrong, failed);
  const remedies = tested?.wrong !== undefined && operation.spec.remediesTests[action];
  const remedied = remedies ? await remediate(operation, action, earlier) : {};
  await noteOutcome(operation, { action, earlier, took, ...(tested === undefined ? {} : { tested }), ...remedied });
  if (!failed) state.tell({ type: 'ready', owner: turn.group.owner.id });
}

async function fail(operation: Operation, action: 'install' | 'upgrade', said: string): Promise<void> {
  const { state, turn, spec } = operation;
  const what = action === 'upgrade' ? 'Upgrade' : 'Release';
  const description = `${what} "${spec.name}" failed: ${said}`;
  const unwritten = await write(operation, withStatus(operation.record, 'failed', { description }));
  turn.failed = true;
  const left = unwritten ?? `revision ${operation.record.revision} is stored as failed`;
  state.tell({ type: 'not-ready', owner: turn.group.owner.id, message: `${description}; ${left}` });
  if (action === 'upgrade') await cleanUpAfter(operation);
}

/** The revisions before it as they are stored then; undefined where it could not be written. */
async function succeed(
  operation: Operation,
  action: 'install' | 'upgrade',
  history: readonly ReleaseRecord[],
): Promise<readonly ReleaseRecord[] | undefined> {
  const { state, turn, where } = operation;
  const earlier = history.map((old) => (old.status === 'deployed' ? withStatus(old, 'superseded') : old));
  for (const [index, old] of earlier.entries())
    if (old !== history[index]) await updateRelease(turn.site.cluster, where, old, state.options.timer.now());
  const description = action === 'upgrade' ? 'Upgrade complete' : 'Install complete';
  const unwritten = await write(operation, withStatus(operation.record, 'deployed', { description }));
  if (unwritten === undefined) return earlier;
  turn.failed = true;
  state.tell({ type: 'trouble', owner: turn.group.owner.id, message: unwritten });
  return undefined;
}

function tellTest({ state, turn, spec }: Operation, wrong: string, fails: boolean): void {
  const message = `Test of "${spec.name}" failed: ${wrong}`;
  if (fails) turn.failed = true;
  const owner = turn.group.owner.id;
  state.tell(fails ? { type: 'not-ready', owner, message } : { type: 'trouble', owner, message });
}

async function remediate(
  operation: Operation,
  action: 'install' | 'upgrade',
  history: readonly ReleaseRecord[],
): Promise<{ readonly remedied?: Remedied }> {
  const { state, turn, spec } = operation;
  const owner = turn.group.owner.id;
  const remedied = await remedy(operation, spec.remedies[action], history);
  if (remedied === undefined) return {};
  if (typeof remedied === 'string') {
    state.tell({ type: 'trouble', owner, message: remedied });
    return {};
  }
  const did = remedied.how === 'rollback' ? `rolled back to revision ${remedied.target.revision}` : 'uninstalled';
  const message =
    remedied.wrong === undefined ? `${spec.name} is ${did}` : `${spec.name} could not be ${did}: ${remedied.wrong}`;
  state.tell({ type: 'trouble', owner, message });
  return { remedied };
}
