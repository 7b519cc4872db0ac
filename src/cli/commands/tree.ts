/** `sluice tree`: what a Kustomization or HelmRelease applied, by its inventory, and what that applied in turn. */
import {
  type Cluster,
  healthOf,
  inventoryOf,
  type LiveObject,
  type ObjectId,
  parseInventory,
  titleOf,
} from '../../engine/index.ts';
import type { Command } from '../command.ts';
import { isRefusal } from '../context.ts';
import { findFlux, objectOptions } from '../live/object.ts';
import { titleOfRef } from '../live/reconcile.ts';
import { printable } from '../paint.ts';

export const tree: Command = {
  name: 'tree',
  usage: 'KIND/NAME [-n NAMESPACE] --context NAME',
  summary: 'what a Kustomization applied, by its inventory, with the status of each object',
  options: objectOptions,
  async run(invocation) {
    const found = await findFlux(invocation);
    if (isRefusal(found)) {
      invocation.err(`sluice tree: ${found.message}\n`);
      return 2;
    }
    const { cluster, ref, live } = found;
    invocation.out(`${titleOfRef(ref)}${statusText(live)}\n`);
    const seen = new Set([titleOfRef(ref)]);
    await branch({ cluster, signal: invocation.signal, out: invocation.out, seen }, live, '');
    return 0;
  },
};

interface Walk {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  out(text: string): void;
  /** Flux objects that were shown: a Kustomization is in its own inventory where it applies itself. */
  readonly seen: Set<string>;
}

async function branch(walk: Walk, owner: LiveObject, indent: string): Promise<void> {
  const ids = inventoryOf(owner)
    .map(parseInventory)
    .filter((id): id is ObjectId => id !== undefined);
  const answers = await Promise.all(ids.map((id) => readOne(walk, id)));
  for (const [index, id] of ids.entries()) {
    const last = index === ids.length - 1;
    const answer = answers[index]!;
    const state = typeof answer === 'string' ? `: ${answer}` : statusText(answer);
    walk.out(`${indent}${last ? '└── ' : '├── '}${titleOf(id)}${printable(state)}\n`);
    if (typeof answer === 'string' || walk.seen.has(titleOf(id)) || inventoryOf(answer).length === 0) continue;
    walk.seen.add(titleOf(id));
    await branch(walk, answer, `${indent}${last ? '    ' : '│   '}`);
  }
}

async function readOne({ cluster, signal }: Walk, id: ObjectId): Promise<LiveObject | string> {
  const { group, version, kind, namespace, name } = id;
  const answer = await cluster.get(
    { apiVersion: group === '' ? version : `${group}/${version}`, kind, namespace, name },
    signal,
  );
  return answer.ok ? answer.value : answer.failure.message;
}

function statusText(live: LiveObject): string {
  const { status, message } = healthOf(live);
  return status === 'ready' ? '' : ` (${status}: ${message})`;
}
