/**
 * No message of the server holds a secret: every handler on a fleet in which one takes every way (../cli/canary-fleet.ts),
 * asked at every place of every file, with a cluster whose answers and objects hold it, too.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { LiveObject } from '../../src/engine/index.ts';
import { journalFor } from '../../src/io/journal.ts';
import type { PlanView, TreeNode } from '../../src/protocol/index.ts';
import { createDoors } from '../../src/server/doors.ts';
import type { Server } from '../../src/server/handler.ts';
import { handlers } from '../../src/server/handlers/index.ts';
import { createSession } from '../../src/server/session.ts';
import { findCanary } from '../cli/canary.ts';
import { fleetOfWays, secret } from '../cli/canary-fleet.ts';
import { fakeCluster } from '../engine/fake-cluster.ts';
import { live } from '../engine/sets.ts';

type Ask = (method: string, params: object) => Promise<unknown>;

/** The server with every handler, and all that it said, as `method` and JSON. */
function server(files: Readonly<Record<string, string>>) {
  const top = mkdtempSync(join(tmpdir(), 'sluice-server-ways-'));
  const folder = join(top, 'fleet');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const labels = `{ kustomize.toolkit.fluxcd.io/name: image, kustomize.toolkit.fluxcd.io/namespace: flux-system }`;
  const cluster = fakeCluster(
    ...live(`apiVersion: v1
kind: Namespace
metadata: { name: flux-system }
---
apiVersion: v1
kind: Namespace
metadata: { name: apps }
---
apiVersion: v1
kind: Secret
metadata: { name: variables, namespace: flux-system }
data: { password: ${Buffer.from(secret).toString('base64')} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: stale, namespace: apps, labels: ${labels} }
data: { url: 'db://me:${secret}@host', encoded: ${Buffer.from(secret).toString('base64')} }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: image, namespace: flux-system }
spec: { prune: true, postBuild: { substituteFrom: [{ kind: Secret, name: variables }] } }
status: { inventory: { entries: [{ id: apps_stale__ConfigMap, v: v1 }] } }
`),
  );
  // Nothing of it moves.
  cluster.watch = async ({ kind }, _, onEvent, signal) => {
    const objects = [...cluster.objects.values()].filter((object) => object.kind === kind) as unknown as LiveObject[];
    onEvent({ type: 'list', objects });
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
  const said: [string, string][] = [];
  const hear = (method: string, params: unknown) =>
    said.push([method, JSON.stringify(params, (_, value) => (typeof value === 'bigint' ? `${value}` : value)) ?? '']);
  const session = createSession(
    {
      cluster: {
        now: () => 0,
        contexts: () => ({
          contexts: [{ name: 'fake', server: 'https://fake.invalid', namespace: '', user: '' }],
          chosen: 'fake',
          files: [],
          problems: [],
        }),
        connect: () => ({ ok: true, value: cluster }),
      },
      doors: createDoors((message) => hear('log', message)),
      journal: (identity) => journalFor(identity, { XDG_STATE_HOME: join(top, 'state') }),
      pause: { plan: 1, preview: 1 },
      now: () => 0,
    },
    { settings: { kubeconfig: '' }, trusted: true, storage: join(top, 'storage') },
  );
  const asked = new Map<string, (params: never, signal: AbortSignal) => unknown>();
  const connection = new Proxy({} as Record<string, unknown>, {
    get: (_, name: string) =>
      name === 'console'
        ? { info: (message: string) => hear('console', message) }
        : name.startsWith('on')
          ? (listener: (params: never) => unknown) => void asked.set(name, listener)
          : (...params: unknown[]) => hear(name, params),
  });
  const never = new AbortController().signal;
  const it = {
    connection,
    documents: {
      get: () => undefined,
      keys: () => [],
      all: () => [],
      onDidChangeContent: () => undefined,
      onDidOpen: () => undefined,
      onDidClose: () => undefined,
      onDidSave: () => undefined,
    },
    session,
    start: { settings: { kubeconfig: '' }, trusted: true },
    on: (method: string, answer: (params: never, signal: AbortSignal) => unknown) => void asked.set(method, answer),
    notify: hear,
  } as unknown as Server;
  for (const handler of handlers) handler.register(it);
  session.files.setFolders([pathToFileURL(folder).href]);
  onTestFinished(() => {
    (asked.get('onShutdown') as (() => void) | undefined)?.();
    session.dispose();
    rmSync(top, { recursive: true, force: true });
  });
  const ask: Ask = async (method, params) => {
    const answer = await asked.get(method)!(params as never, never);
    hear(method, answer);
    return answer;
  };
  return { top, folder, session, cluster, said, ask, uri: (path: string) => pathToFileURL(join(folder, path)).href };
}

/** Every document that an answer leads to. */
async function documents(ask: Ask, uris: readonly string[]): Promise<void> {
  for (const uri of uris) await ask('sluice/document', { uri });
}

test('58d: no handler says a secret, whatever it is asked', async () => {
  const files = fleetOfWays();
  const { top, folder, session, cluster, said, ask, uri } = server(files);
  await session.link.linked();
  // The language at every place where a variable is read or a secret is written.
  for (const [path, text] of Object.entries(files)) {
    const textDocument = { uri: uri(path) };
    for (const [line, content] of text.split('\n').entries()) {
      for (const { index } of content.matchAll(/(?<=\$\{)|(?<=canary)|(?<=name: )/g)) {
        const at = { textDocument, position: { line, character: index } };
        await ask('onHover', at);
        if (!content.includes('name: ')) await ask('onCompletion', at);
      }
    }
    await ask('onDocumentLinks', { textDocument });
  }
  const previews: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    const kinds = [...text.matchAll(/^kind: (Kustomization|HelmRelease)\nmetadata: \{ name: (\S+?),/gm)];
    for (const [, kind] of kinds.filter(() => path.startsWith('clusters/'))) {
      const wanted = kind === 'HelmRelease' ? (['objects', 'values'] as const) : ([undefined] as const);
      for (const show of wanted) {
        const of = show === undefined ? { kind: 'flux', uri: uri(path) } : { kind: 'release', show, uri: uri(path) };
        const found = (await ask('sluice/preview', { of })) as { uri?: string; choices?: { uri: string }[] };
        previews.push(
          ...[found.uri, ...(found.choices ?? []).map((choice) => choice.uri)].filter((one) => one !== undefined),
        );
      }
    }
    const folders = /^apps\/[^/]+\/kustomization.yaml$/.test(path);
    if (folders) {
      const found = (await ask('sluice/preview', { of: { kind: 'kustomize', uri: uri(path) } })) as { uri?: string };
      if (found.uri !== undefined) previews.push(found.uri);
    }
  }
  expect(previews.length).toBeGreaterThan(30);
  await documents(ask, previews);
  // The cluster: a plan with what goes, live objects, an apply that is refused in words that repeat the secret.
  cluster.fault = (verb, { name }) =>
    verb === 'apply' && name === 'image'
      ? { reason: 'denied', message: `denied: i:${secret} is not allowed` }
      : undefined;
  const plan = (await ask('sluice/plan', { against: { kind: 'cluster' }, run: '1' })) as PlanView;
  const items = plan.groups.flatMap((group) => group.items);
  expect(items.map(({ object }) => object.name)).toContain('stale');
  await documents(
    ask,
    items.flatMap(({ before, after }) => [before, after]).filter((one) => one !== undefined),
  );
  for (const { object } of items) {
    const { uri: at } = (await ask('sluice/live', { object })) as { uri: string };
    await documents(ask, [at]);
  }
  // One that is refused, and one that is sent: nothing here would ever be ready to be waited for.
  const entries = items
    .filter(
      ({ acts, object }) =>
        acts && ['Deployment', 'ConfigMap'].includes(object.kind) && ['image', 'label'].includes(object.name),
    )
    .map(({ id }) => id);
  const applied = await ask('sluice/apply', { plan: plan.id, entries, run: '2' });
  expect(JSON.stringify(applied)).toContain('is not allowed');
  await ask('sluice/left', {});
  const walk = async (id?: string): Promise<void> => {
    const children = (await ask('sluice/children', id === undefined ? {} : { id })) as readonly TreeNode[];
    for (const child of children) if (child.expandable !== undefined) await walk(child.id);
  };
  await walk();
  const leaks = said.flatMap(([method, text]) => findCanary(method, text, [secret]));
  for (const name of readdirSync(top, { recursive: true, encoding: 'utf8' })) {
    const file = join(top, name);
    if (file.startsWith(folder) || !statSync(file).isFile()) continue;
    leaks.push(...findCanary(`the file ${name}`, readFileSync(file, 'latin1'), [secret]));
  }
  expect(leaks).toEqual([]);
});
