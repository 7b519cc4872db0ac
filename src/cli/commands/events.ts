/** `sluice events`: what the controllers said of Flux's objects, the newest last. */
import type { LiveObject } from '../../engine/index.ts';
import { type Command, UsageError } from '../command.ts';
import { isRefusal } from '../context.ts';
import { shortRevision, textAt } from '../live/fields.ts';
import { kindOf, namedOf } from '../live/kinds.ts';
import { connected, objectOptions } from '../live/object.ts';
import { table } from '../live/table.ts';
import { timer } from '../timer.ts';

export const events: Command = {
  name: 'events',
  usage: '[--for KIND/NAME] [-n NAMESPACE] --context NAME',
  summary: "the events of Flux's objects",
  options: { ...objectOptions, for: { type: 'string' } },
  async run(invocation) {
    const { options, signal, words } = invocation;
    if (words.length > 0) throw new UsageError('name an object with --for');
    const about = typeof options.for === 'string' ? namedOf([options.for]) : undefined;
    const kind = about === undefined ? undefined : kindOf(about.kind).kind;
    const cluster = connected(invocation);
    if (isRefusal(cluster)) {
      invocation.err(`sluice events: ${cluster.message}\n`);
      return 2;
    }
    const namespace = options.namespace === undefined ? {} : { namespace: options.namespace as string };
    const event = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };
    const answer = await cluster.list(event, namespace, signal);
    if (!answer.ok) {
      invocation.err(`sluice events: ${answer.failure.message}\n`);
      return 2;
    }
    const found = answer.value.filter((one) => {
      const object = (one as { involvedObject?: LiveObject }).involvedObject ?? {};
      if (!/(toolkit\.fluxcd\.io|fluxcd\.controlplane\.io)\//.test(textAt(object, 'apiVersion'))) return false;
      return about === undefined || (textAt(object, 'kind') === kind && textAt(object, 'name') === about.name);
    });
    const rows = [...found].sort((a, b) => (seenAt(a) < seenAt(b) ? -1 : 1)).map(row);
    invocation.out(rows.length === 0 ? 'no events\n' : table(['AGE', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'], rows));
    return 0;
  },
};

function seenAt(event: LiveObject): string {
  return textAt(event, 'lastTimestamp') || textAt(event, 'eventTime') || textAt(event, 'metadata', 'creationTimestamp');
}

function row(event: LiveObject): readonly string[] {
  const object = `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`;
  const message = shortRevision(textAt(event, 'message').trim());
  return [age(seenAt(event)), textAt(event, 'type'), textAt(event, 'reason'), object, message];
}

/** How long ago, never negative whatever the clocks say. */
function age(time: string): string {
  const past = Math.max(0, Math.round((timer.now() - Date.parse(time)) / 1000));
  if (Number.isNaN(past)) return '?';
  if (past < 120) return `${past}s`;
  if (past < 7200) return `${Math.floor(past / 60)}m`;
  return past < 172_800 ? `${Math.floor(past / 3600)}h` : `${Math.floor(past / 86_400)}d`;
}
