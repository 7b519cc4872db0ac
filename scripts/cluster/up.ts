/** Brings a stack up: idempotent, and done only when every part of it answers. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Component, components, unsharded } from './components.ts';
import { type Layout, layOut } from './layout.ts';
import { pidOf, running, start, stop } from './process.ts';

const run = promisify(execFile);
const crds = fileURLToPath(new URL('../../data/flux-crds.yaml', import.meta.url));

export interface UpOptions {
  readonly dir: string;
  /** `core`: etcd and kube-apiserver. `full`: everything that reconciles. */
  readonly part: 'core' | 'full';
}

export async function up(options: UpOptions): Promise<Layout> {
  const layout = await layOut(options.dir);
  const wanted = components.filter((one) => options.part === 'full' || one.part === 'core');
  const core = wanted.filter((one) => one.part === 'core');
  const rest = wanted.filter((one) => one.part === 'full');
  const missing = core.some((one) => !running(layout, one));
  for (const component of core) start(layout, component);
  await until(layout, core, 'kube-apiserver', () => answers(`https://127.0.0.1:${layout.ports.api}/readyz`, layout));
  if (missing || rest.some((one) => !running(layout, one))) await install(layout, options.part);
  for (const component of rest) start(layout, component);
  await Promise.all(
    rest
      .filter((one) => one.health !== undefined)
      .map((one) => until(layout, [one], one.name, () => answers(one.health!(layout), layout))),
  );
  if (rest.length > 0) await until(layout, rest, 'the node and the default service account', () => settled(layout));
  return layout;
}

export async function down(layout: Layout): Promise<void> {
  for (const component of [...components].reverse()) await stop(layout, component);
}

/** One line a component: its name, its process and, where it has one, what its health says. */
export async function status(layout: Layout): Promise<readonly string[]> {
  return Promise.all(
    components.map(async (one) => {
      const pid = pidOf(layout, one);
      const url = one.name === 'kube-apiserver' ? `https://127.0.0.1:${layout.ports.api}/readyz` : one.health?.(layout);
      const health = pid === undefined || url === undefined ? '' : (await answers(url, layout)) ? 'ready' : 'not ready';
      return `${one.name.padEnd(24)} ${pid === undefined ? 'stopped' : `pid ${pid}`} ${health}`.trimEnd();
    }),
  );
}

/** Flux's CRDs, its namespace and one node that pretends to run what it is given. */
async function install(layout: Layout, part: 'core' | 'full'): Promise<void> {
  await kubectl(layout, ['apply', '--server-side', '--force-conflicts', '-f', crds]);
  await kubectl(
    layout,
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    part === 'full' ? space + deployment + node : space,
  );
  await kubectl(layout, ['wait', '--for=condition=Established', '--timeout=180s', 'crd', '--all']);
}

const space = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: flux-system\n';

/** How Sluice finds helm-controller in a cluster. It needs no pods: here it is a process. */
const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: helm-controller
  namespace: flux-system
  labels: { app.kubernetes.io/component: helm-controller, app.kubernetes.io/part-of: flux }
spec:
  replicas: 0
  selector: { matchLabels: { app: helm-controller } }
  template:
    metadata: { labels: { app: helm-controller } }
    spec:
      containers:
        - name: manager
          image: registry.local/helm-controller
          args: ["--watch-label-selector=${unsharded}"]
`;

const node = `---
apiVersion: v1
kind: Node
metadata:
  name: pretend
  annotations:
    kwok.x-k8s.io/node: fake
  labels:
    kubernetes.io/hostname: pretend
    kubernetes.io/os: linux
    type: kwok
status:
  allocatable: { cpu: "512", memory: 1Ti, pods: "10000" }
  capacity: { cpu: "512", memory: 1Ti, pods: "10000" }
`;

export async function kubectl(layout: Layout, args: readonly string[], input?: string): Promise<string> {
  const child = run(join(layout.bin, 'kubectl'), args, {
    env: { PATH: process.env.PATH, HOME: layout.file('home'), KUBECONFIG: layout.kubeconfig },
    maxBuffer: 256 << 20,
  });
  child.child.stdin?.end(input ?? '');
  return (await child).stdout;
}

async function settled(layout: Layout): Promise<boolean> {
  try {
    const ready = '{.status.conditions[?(@.type=="Ready")].status}';
    const [state] = await Promise.all([
      kubectl(layout, ['get', 'node', 'pretend', '-o', `jsonpath=${ready}`]),
      kubectl(layout, ['get', 'serviceaccount', 'default', '-n', 'default']),
    ]);
    return state === 'True';
  } catch {
    return false;
  }
}

function answers(url: string, layout: Layout): Promise<boolean> {
  return new Promise((done) => {
    const secure = url.startsWith('https:');
    const options = secure ? { ca: readFileSync(layout.file('ca.crt')), agent: false as const } : {};
    const request = (secure ? getSecure : getPlain)(url, { ...options, timeout: 2000 }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(false));
  });
}

/** Waits for three minutes at most; a process that ends meanwhile ends the waiting with its last words. */
async function until(
  layout: Layout,
  needs: readonly Component[],
  what: string,
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 180_000;
  while (!(await ready())) {
    const gone = needs.find((one) => !running(layout, one));
    if (gone !== undefined) throw new Error(`${gone.name} ended:\n${lastWords(layout, gone.name)}`);
    if (performance.now() > deadline)
      throw new Error(`${what} is not ready after three minutes; see ${layout.file('logs')}`);
    await sleep(100);
  }
}

function lastWords(layout: Layout, name: string): string {
  return readFileSync(layout.file(`logs/${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-12)
    .join('\n');
}
