/** `sluice get`: Flux's objects and how they are doing; with --watch each change as it happens. */
import { type Cluster, flux, healthOf, type LiveObject, type ServedKind, suspensionIn } from '../../engine/index.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { isRefusal } from '../context.ts';
import { revisionOf, shortRevision, textAt } from '../live/fields.ts';
import { kindOf } from '../live/kinds.ts';
import { connected, objectOptions } from '../live/object.ts';
import { table } from '../live/table.ts';

export const get: Command = {
  name: 'get',
  usage: '[KIND] [-n NAMESPACE] --context NAME [--watch] [-o text|json]',
  summary: "Flux's objects with their status, revision and message",
  options: { ...objectOptions, watch: { type: 'boolean', short: 'w' }, output: { type: 'string', short: 'o' } },
  async run(invocation) {
    const { words, options } = invocation;
    if (words.length > 1) throw new UsageError('give one KIND');
    const kinds = words[0] === undefined || words[0] === 'all' ? flux.fluxKinds : [kindOf(words[0])];
    const cluster = connected(invocation);
    if (isRefusal(cluster)) {
      invocation.err(`sluice get: ${cluster.message}\n`);
      return 2;
    }
    const served = await servedKinds(invocation, cluster, kinds);
    if (served === undefined) return 2;
    return options.watch === true ? watch(invocation, cluster, served) : list(invocation, cluster, served);
  },
};

/** The kinds that the cluster serves; undefined when it cannot be asked. A kind that was named must be among them. */
async function servedKinds(
  { words, err, signal }: Invocation,
  cluster: Cluster,
  kinds: readonly { readonly group: string; readonly kind: string }[],
): Promise<readonly ServedKind[] | undefined> {
  const out: ServedKind[] = [];
  for (const { group, kind } of kinds) {
    const answer = await cluster.served(group, kind, undefined, signal);
    if (!answer.ok) {
      err(`sluice get: ${answer.failure.message}\n`);
      return undefined;
    }
    if (answer.value !== undefined) out.push(answer.value);
    else if (kinds.length === 1 && words[0] !== undefined) {
      err(`sluice get: ${cluster.context} (${cluster.server}) does not know ${kind} of ${group}\n`);
      return undefined;
    }
  }
  if (out.length === 0) err(`sluice get: ${cluster.context} (${cluster.server}) has none of Flux's kinds\n`);
  return out.length === 0 ? undefined : out;
}

async function list(invocation: Invocation, cluster: Cluster, kinds: readonly ServedKind[]): Promise<ExitCode> {
  const { options, signal, err, out } = invocation;
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace as string };
  const answers = await Promise.all(kinds.map((kind) => cluster.list(kind, namespace, signal)));
  const rows: (readonly string[])[] = [];
  const objects: LiveObject[] = [];
  let worst: ExitCode = 0;
  for (const [index, answer] of answers.entries()) {
    const { kind } = kinds[index]!;
    if (!answer.ok) {
      err(`${kind}: ${answer.failure.message}\n`);
      worst = 2;
      continue;
    }
    for (const live of [...answer.value].sort(byName)) {
      objects.push(live);
      rows.push(row(kind, live));
      if (worst === 0 && healthOf(live).status === 'failed') worst = 1;
    }
  }
  if (options.output === 'json') out(`${JSON.stringify(objects.map(asJson), null, 2)}\n`);
  else if (rows.length > 0) out(table(['NAMESPACE', 'NAME', 'STATUS', 'REVISION', 'MESSAGE'], rows));
  else out('nothing found\n');
  return worst;
}

function row(kind: string, live: LiveObject): readonly string[] {
  const { status, message: said } = healthOf(live);
  const message = suspensionWords(live) ?? said;
  const name = `${kind.toLowerCase()}/${textAt(live, 'metadata', 'name')}`;
  return [textAt(live, 'metadata', 'namespace'), name, status, shortRevision(revisionOf(live)), shortRevision(message)];
}

/** The way back is shown until it is taken: who suspended the object with Sluice, when and why. */
function suspensionWords(live: LiveObject): string | undefined {
  const suspension = suspensionIn(live);
  if (suspension === undefined) return undefined;
  const { who, when, why } = suspension;
  return `suspended by Sluice: ${[who, when, why].filter((text) => text !== '').join(', ')}`;
}

function asJson(live: LiveObject) {
  const { status, message } = healthOf(live);
  const [apiVersion, kind] = [textAt(live, 'apiVersion'), textAt(live, 'kind')];
  const [namespace, name] = [textAt(live, 'metadata', 'namespace'), textAt(live, 'metadata', 'name')];
  return { apiVersion, kind, namespace, name, status, message, revision: revisionOf(live), ...suspendedBy(live) };
}

function suspendedBy(live: LiveObject) {
  const suspension = suspensionIn(live);
  return suspension === undefined ? {} : { suspendedBySluice: suspension };
}

function byName(a: LiveObject, b: LiveObject): number {
  const key = (live: LiveObject) => `${textAt(live, 'metadata', 'namespace')}/${textAt(live, 'metadata', 'name')}`;
  return key(a) < key(b) ? -1 : 1;
}

/** Prints a row when it changes; ends with Ctrl-C. */
async function watch(invocation: Invocation, cluster: Cluster, kinds: readonly ServedKind[]): Promise<ExitCode> {
  const { options, signal, err, out } = invocation;
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace as string };
  const known = new Map<string, string>();
  const show = (kind: string, live: LiveObject) => {
    const line = table(row(kind, live), []);
    const key = `${kind}/${textAt(live, 'metadata', 'namespace')}/${textAt(live, 'metadata', 'name')}`;
    if (known.get(key) === line) return;
    known.set(key, line);
    out(line);
  };
  await Promise.all(
    kinds.map(({ kind, ...rest }) =>
      cluster.watch(
        { kind, ...rest },
        namespace,
        (event) => {
          if (event.type === 'list') for (const live of [...event.objects].sort(byName)) show(kind, live);
          else if (event.type === 'set') show(kind, event.object);
          else if (event.type === 'gone') out(`${table([...row(kind, event.object).slice(0, 2), 'gone'], [])}`);
          else err(`${kind}: ${event.reason.message}\n`);
        },
        signal,
      ),
    ),
  );
  return 0;
}
