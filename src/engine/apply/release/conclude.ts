/** The end of an attempt: the record as it turned out, tests, what a failure calls for, the status, and whether to try again. */
import { type ReleaseRecord, updateRelease, withStatus } from '../../release/index.ts';
import { stringAt } from '../../status/fields.ts';
import { type Failures, noteOutcome, type Stalled } from './noted.ts';
import { clean, type Operation, write } from './operation.ts';
import { cleanUpAfter, type Remedied, remedy } from './remedy.ts';
import { testRelease } from './testing.ts';

export const noFailures: Failures = { all: 0, install: 0, upgrade: 0 };

export interface Attempt {
  /** The revisions before it. */
  readonly history: readonly ReleaseRecord[];
  readonly wrong: string | undefined;
  /** Of the attempts before it. */
  readonly failures: Failures;
}

export interface Ended {
  readonly failures: Failures;
  /** The revisions to try again upon; absent when it is over. */
  readonly again?: readonly ReleaseRecord[];
}

type Action = 'install' | 'upgrade';

export async function conclude(operation: Operation, attempt: Attempt): Promise<Ended> {
  const { state, turn, spec } = operation;
  const { history, wrong } = attempt;
  const action = operation.record.status === 'pending-upgrade' ? 'upgrade' : 'install';
  const took = state.options.timer.now() - Date.parse(stringAt(operation.record.json, 'info', 'last_deployed'));
  if (wrong !== undefined) {
    const said = clean(operation, wrong);
    await fail(operation, action, said);
    const failures = counted(attempt.failures, action);
    const after = await afterFailure(operation, { action, history, failures });
    await noteOutcome(operation, { action, earlier: history, took, wrong: said, failures, ...after });
    return { failures, ...after };
  }
  const earlier = await succeed(operation, action, history);
  if (earlier === undefined) return { failures: attempt.failures };
  const tested = await testRelease(operation);
  if (tested?.wrong === undefined) {
    const failures = spec.retries[action] === 'on failure' ? noFailures : attempt.failures;
    await noteOutcome(operation, { action, earlier, took, failures, ...(tested === undefined ? {} : { tested }) });
    turn.failed = false;
    state.tell({ type: 'ready', owner: turn.group.owner.id });
    return { failures };
  }
  const fails = operation.spec.test?.ignoreFailures !== true;
  tellTest(operation, tested.wrong, fails);
  const remedies = spec.remediesTests[action];
  const failures = remedies
    ? counted(attempt.failures, action)
    : { ...attempt.failures, all: attempt.failures.all + 1 };
  const after = remedies ? await afterFailure(operation, { action, history: earlier, failures }) : {};
  await noteOutcome(operation, { action, earlier, took, tested, failures, ...after });
  if (!fails) {
    // An attempt before this one may have failed.
    turn.failed = false;
    state.tell({ type: 'ready', owner: turn.group.owner.id });
  }
  return { failures, ...after };
}

function counted(failures: Failures, action: Action): Failures {
  return { ...failures, all: failures.all + 1, [action]: failures[action] + 1 };
}

async function fail(operation: Operation, action: Action, said: string): Promise<void> {
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
  action: Action,
  history: readonly ReleaseRecord[],
): Promise<readonly ReleaseRecord[] | undefined> {
  const { state, turn, where } = operation;
  // What was upgraded is superseded, even a failed revision where none was ever deployed.
  const upgraded = history.findLast(({ status }) => status === 'deployed') ?? history.at(-1);
  const isOver = (old: ReleaseRecord) => old.status === 'deployed' || (action === 'upgrade' && old === upgraded);
  const earlier = history.map((old) => (isOver(old) ? withStatus(old, 'superseded') : old));
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

interface Failed {
  readonly action: Action;
  readonly history: readonly ReleaseRecord[];
  readonly failures: Failures;
}

interface After {
  readonly remedied?: Remedied;
  readonly stalled?: Stalled;
  readonly again?: readonly ReleaseRecord[];
}

/** As helm-controller goes on: it remedies between two attempts, and after the last one where that is asked for. */
async function afterFailure(operation: Operation, { action, history, failures }: Failed): Promise<After> {
  const { state, turn, spec } = operation;
  const owner = turn.group.owner.id;
  const retries = spec.retries[action];
  if (retries === 'on failure' || state.options.signal?.aborted) return {};
  const count = failures[action];
  const exhausted = count > retries;
  const exceeded: Stalled = { reason: 'RetriesExceeded', message: `Failed to ${action} after ${count} attempt(s)` };
  if (exhausted && !spec.remediesLast[action]) return { stalled: exceeded };
  const remedied = await remedy(operation, spec.remedies[action], history);
  if (typeof remedied === 'string') {
    state.tell({ type: 'trouble', owner, message: remedied });
    return { stalled: { reason: 'MissingRollbackTarget', message: missingTarget } };
  }
  const did = remedied.how === 'rollback' ? `rolled back to revision ${remedied.target.revision}` : 'uninstalled';
  const message =
    remedied.wrong === undefined ? `${spec.name} is ${did}` : `${spec.name} could not be ${did}: ${remedied.wrong}`;
  state.tell({ type: 'trouble', owner, message });
  if (remedied.wrong !== undefined) return { remedied };
  const installsAnew = action === 'upgrade' && remedied.how === 'uninstall';
  if (exhausted && !installsAnew) return { remedied, stalled: exceeded };
  const forgotten = remedied.how === 'uninstall' && !spec.uninstall.keepHistory;
  return { remedied, again: forgotten ? [] : remedied.revisions };
}

const missingTarget =
  'Failed to perform remediation: missing target release for rollback: cannot remediate failed release';
