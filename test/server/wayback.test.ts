/** Contexts that are not to be written to, and the way back through the server: what it shows is what it pushes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { LiveObject } from '../../src/engine/index.ts';
import type { Settings } from '../../src/protocol/index.ts';
import { createDoors } from '../../src/server/doors.ts';
import { createSession } from '../../src/server/session.ts';
import { pushPlan, pushShown } from '../../src/server/wayback.ts';
import { fakeCluster } from './cluster.ts';

const sync = (url: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system, uid: one }
spec: { interval: 1m, url: ${url}, ref: { branch: main } }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
  annotations: { sluice/suspended: '2026-01-02T03:04:05.000Z by alice: a plan of the workspace was applied' }
spec:
  interval: 1m
  path: ./clusters/dev
  prune: true
  suspend: true
  sourceRef: { kind: GitRepository, name: flux-system }
`;
const { signal } = new AbortController();

/** A fleet in a repository with a remote, and a cluster whose controllers do at once what they are asked. */
async function open(settings: Partial<Settings> = {}) {
  const top = mkdtempSync(join(tmpdir(), 'sluice-wayback-'));
  const folder = join(top, 'fleet');
  const url = pathToFileURL(join(top, 'bare.git')).href;
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(
    'clusters/dev/flux-system/gotk-sync.yaml',
    sync(url)
      .replace(/ {2}annotations.*\n/, '')
      .replace('  suspend: true\n', ''),
  );
  write('clusters/dev/config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\n');
  write('clusters/dev/kustomization.yaml', 'resources:\n- flux-system/gotk-sync.yaml\n- config.yaml\n');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(top, 'bare.git')]);
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 't');
  git('config', 'user.email', 't@example.com');
  git('remote', 'add', 'origin', url);
  git('add', '.');
  git('commit', '-qm', 'one');
  git('push', '-q', 'origin', 'main');
  const ready = (more: object) => ({ conditions: [{ type: 'Ready', status: 'True', message: 'done' }], ...more });
  const kinds = ['Kustomization.kustomize.toolkit.fluxcd.io/v1', 'GitRepository.source.toolkit.fluxcd.io/v1'];
  const cluster = fakeCluster({
    kinds,
    objects: parseAllDocuments(sync(url)).map((one) => one.toJS() as LiveObject),
    onPatch(fake, object) {
      const revision = `main@sha1:${git('rev-parse', 'main')}`;
      const status = object.kind === 'GitRepository' ? { artifact: { revision } } : { lastAppliedRevision: revision };
      fake.set({ ...object, status: ready(status) });
    },
  });
  const session = createSession(
    {
      cluster: {
        now: () => 0,
        contexts: () => ({
          contexts: [{ name: 'prod-eu', server: 'https://fake', namespace: '', user: '' }],
          chosen: 'prod-eu',
          files: [],
          problems: [],
        }),
        connect: () => ({ ok: true, value: cluster }),
      },
      doors: createDoors(),
      journal: () => ({ left: () => [], begin() {}, write() {}, close() {} }),
      pause: { plan: 1, preview: 1 },
      now: () => 0,
    },
    { settings: { kubeconfig: '', ...settings }, trusted: true },
  );
  session.files.setFolders([pathToFileURL(folder).href]);
  onTestFinished(() => {
    session.dispose();
    rmSync(top, { recursive: true, force: true });
  });
  await session.planner.make({ against: { kind: 'commit', revision: 'HEAD' }, progress: () => undefined }, signal);
  await session.link.linked();
  const request = {
    signal,
    timer: { now: () => 0, sleep: async () => undefined },
    progress: () => undefined,
    text: 'An edit',
  };
  return { session, cluster, git, write, request };
}

test('a read-only context is not written to, a protected one by its name; the state says which', async () => {
  const readOnly = await open({ readOnlyContexts: ['prod-*'] });
  expect(readOnly.session.link.state().protection).toBe('read-only');
  expect(readOnly.session.link.barred('prod-eu')).toMatch(/read-only/);
  const guarded = await open({ protectedContexts: ['*-eu'] });
  expect(guarded.session.link.state().protection).toBe('protected');
  for (const typed of [undefined, 'prod']) expect(guarded.session.link.barred(typed)).toMatch(/protected/);
  expect(guarded.session.link.barred('prod-eu')).toBeUndefined();
  vi.stubEnv('SLUICE_READ_ONLY', 'x, prod-*');
  const byEnvironment = await open();
  expect(byEnvironment.session.link.barred('prod-eu')).toMatch(/read-only/);
  vi.unstubAllEnvs();
});

test('what was suspended is found, what is shown is pushed, Flux goes on, and the commit is followed', async () => {
  const { session, cluster, git, write, request } = await open();
  expect((await session.left.now()).suspended).toMatchObject([
    { object: { name: 'flux-system' }, note: expect.stringMatching(/by alice/) },
  ]);
  write('clusters/dev/config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: c }\n');
  write('notes.txt', 'mine');
  const shown = await pushPlan(session, session.doors, signal);
  expect(shown).toMatchObject({ remote: 'origin', branch: 'main', files: ['clusters/dev/config.yaml'], ahead: 0 });
  if ('message' in shown) throw new Error(shown.message);
  const moved = { ...shown, files: [] };
  expect(await pushShown(session, session.doors, { ...request, shown: moved })).toMatchObject({ ok: false });
  expect(git('rev-list', '--count', 'HEAD')).toBe('1');
  const outcome = await pushShown(session, session.doors, { ...request, shown });
  expect(outcome).toEqual({
    ok: true,
    message: `Commit ${git('rev-parse', '--short=8', 'HEAD')} is there, and everything is ready.`,
  });
  expect(git('rev-parse', 'origin/main')).toBe(git('rev-parse', 'HEAD'));
  expect(git('status', '--porcelain')).toBe('?? notes.txt');
  expect(cluster.patches).toContainEqual({
    metadata: { annotations: { 'sluice/suspended': null } },
    spec: { suspend: null },
  });
});

test('the kustomization file of a Flux path and a new file belong to what is pushed, though no editor told of them', async () => {
  const { session, write } = await open();
  const files = ['clusters/dev/kustomization.yaml', 'clusters/dev/more/new.yaml'] as const;
  write(files[0], 'resources:\n- flux-system/gotk-sync.yaml\n- config.yaml\n- more/new.yaml\n');
  write(files[1], 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: new, namespace: b }\n');
  expect(await pushPlan(session, session.doors, signal)).toMatchObject({ files });
});

test('to a read-only context nothing is handed back, and then nothing is committed either', async () => {
  const { session, cluster, git, write, request } = await open({ readOnlyContexts: ['prod-eu'] });
  write('clusters/dev/config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: c }\n');
  const shown = await pushPlan(session, session.doors, signal);
  if ('message' in shown) throw new Error(shown.message);
  const outcome = await pushShown(session, session.doors, { ...request, shown, confirmed: 'prod-eu' });
  expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/read-only/) });
  expect(git('rev-list', '--count', 'HEAD')).toBe('1');
  expect(cluster.patches).toEqual([]);
});
