/**
 * What tests of the real cluster share: the running stack, a namespace of their own, repositories on its Git server,
 * and waiting that ends. `npm run test:cluster` has brought the stack up before any test runs.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, type TestContext } from 'vitest';
import { contextName, type Layout, readLayout } from '../../scripts/cluster/layout.ts';
import { createRepository, type Repository } from '../../scripts/cluster/repository.ts';
import { kubectl } from '../../scripts/cluster/up.ts';
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef } from '../../src/engine/index.ts';
import { type ConnectOptions, connect } from '../../src/io/cluster/connect.ts';
import { loadKubeconfig } from '../../src/io/kubeconfig.ts';
import { suiteDirectory } from './stack.ts';

export interface Rig {
  readonly layout: Layout;
  /** As the administrator. */
  readonly cluster: Cluster;
  /** Runs kubectl as the administrator and answers its standard output. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** A built tool's path: `rig.tool('flux')`. */
  tool(name: string): string;
  /** A namespace of a random name, deleted when the test ends: a concurrent one has to say which by its context. */
  namespace(labels?: Readonly<Record<string, string>>, test?: Pick<TestContext, 'onTestFinished'>): Promise<string>;
  /** A repository of a random name on the Git server, holding a copy of `from`. */
  repository(from?: string): Promise<Repository>;
  /** Asks until `check` holds for the object; the error tells what it last looked like. */
  until(ref: ObjectRef, check: (object: LiveObject) => boolean, timeoutMs?: number): Promise<LiveObject>;
  /** Waits until the server takes an object of a kind that was just defined: a definition is Established before it is served. */
  takes(object: LiveObject): Promise<void>;
  /** Waits for the condition Ready of the object's present generation; a failure that stays is reported at once. */
  ready(ref: ObjectRef, timeoutMs?: number): Promise<LiveObject>;
}

export function rig(layout: Layout = theStack()): Rig {
  const cluster = connectTo(layout.kubeconfig);
  const until: Rig['until'] = async (ref, check, timeoutMs) => {
    let found: LiveObject | undefined;
    await bounded(async () => {
      const answer = await cluster.get(ref);
      if (answer.ok && check(answer.value)) {
        found = answer.value;
        return undefined;
      }
      const last = answer.ok ? JSON.stringify(answer.value.status, null, 2) : answer.failure.message;
      return `${ref.kind} ${ref.namespace}/${ref.name}:\n${last}`;
    }, timeoutMs);
    return found!;
  };
  return {
    layout,
    cluster,
    kubectl: (args, input) => kubectl(layout, args, input),
    tool: (name) => join(layout.bin, name),
    async namespace(labels = {}, test = { onTestFinished }) {
      const name = `test-${randomBytes(4).toString('hex')}`;
      value(
        await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, { manager: 'test' }),
      );
      test.onTestFinished(async () => {
        await cluster.delete(namespaceRef(name), { propagation: 'Background' });
      });
      return name;
    },
    repository: (from) => createRepository(layout, `test-${randomBytes(4).toString('hex')}`, from),
    until,
    async takes(object) {
      await bounded(async () => {
        const answer = await cluster.apply(object, { manager: 'test', force: false, dryRun: true });
        return answer.ok ? undefined : answer.failure.message;
      });
    },
    ready: (ref, timeoutMs) => until(ref, isReady, timeoutMs),
  };
}

/** Asks until `missing` has nothing to tell; the error tells what it told last. A bound, not a measure. */
export async function bounded(missing: () => Promise<string | undefined>, timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = await missing();
    if (left === undefined) return;
    if (performance.now() > deadline) throw new Error(`not there after ${timeoutMs / 1000} s: ${left}`);
    await sleep(100);
  }
}

/** A connection by a kubeconfig file; options as tests need them. */
export function connectTo(kubeconfig: string, options: Partial<ConnectOptions> = {}): Cluster {
  const loaded = loadKubeconfig({ KUBECONFIG: kubeconfig }, '/nowhere').value!;
  return value(connect({ kubeconfig: loaded, context: contextName, trusted: true, ...options }));
}

/** The value of an answer that must be one. */
export function value<T>(answer: ClusterAnswer<T>): T {
  if (!answer.ok) throw new Error(`${answer.failure.reason}: ${answer.failure.message}`);
  return answer.value;
}

export function refOf(apiVersion: string, kind: string, namespace: string, name: string): ObjectRef {
  return { apiVersion, kind, namespace, name };
}

function theStack(): Layout {
  const layout = readLayout(suiteDirectory());
  if (layout === undefined) throw new Error('no stack is up: run this by "npm run test:cluster"');
  return layout;
}

function namespaceRef(name: string): ObjectRef {
  return refOf('v1', 'Namespace', '', name);
}

function isReady(object: LiveObject): boolean {
  const { generation } = object.metadata as { generation?: number };
  const status = object.status as
    | { observedGeneration?: number; conditions?: { type: string; status: string }[] }
    | undefined;
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  return ready?.status === 'True' && (status?.observedGeneration ?? generation) === generation;
}
