/** What the parts of a release's installation or upgrade share. */
import { hideInMessage } from '../../objects/hide.ts';
import { payloadOf } from '../../plan/payload.ts';
import type { ReleaseAction, ReleaseSpec } from '../../plan/releasespec.ts';
import { type ReleaseName, type ReleaseRecord, updateRelease } from '../../release/index.ts';
import { type State, stoppedFor, type Turn } from '../turn.ts';

export interface Operation {
  readonly state: State;
  readonly turn: Turn;
  readonly spec: ReleaseSpec;
  readonly action: ReleaseAction;
  readonly where: ReleaseName;
  /** The revision as it was last written. */
  record: ReleaseRecord;
}

export function nowText({ options }: State): string {
  return new Date(options.timer.now()).toISOString();
}

/** Writes the revision as it is now; undefined, or what went wrong. Written even when canceled: that is what it is for. */
export async function write(operation: Operation, record: ReleaseRecord): Promise<string | undefined> {
  operation.record = record;
  const { state, turn, where } = operation;
  const answer = await updateRelease(turn.site.cluster, where, record, state.options.timer.now());
  return answer.ok ? undefined : `its release record could not be written: ${answer.failure.message}`;
}

/** A message for the record: without the values that came from Secrets, and without the names of this machine. */
export function clean({ turn }: Pick<Operation, 'turn'>, message: string): string {
  const secrets = turn.group.entries.flatMap((entry) => payloadOf(entry)?.secretValues ?? []);
  return hideInMessage(message.replaceAll(/Context \S+ \(\S+\): /g, ''), [...new Set(secrets)]);
}

export function stopReason(state: State, turn: Turn): string | undefined {
  return state.options.signal?.aborted ? 'context canceled' : stoppedFor(turn);
}
