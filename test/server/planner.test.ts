/** The plan and the previews as a person edits: files in, plan and rendered lines out, with no cluster. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { PlanView } from '../../src/protocol/index.ts';
import { createDoors } from '../../src/server/doors.ts';
import { previewOf } from '../../src/server/previews.ts';
import { createSession, type Session } from '../../src/server/session.ts';
import { originsAt, parseVirtual } from '../../src/server/virtual.ts';

const sync = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/fleet.git }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, path: ./clusters/dev, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`;
const apps = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 1m
  path: ./apps
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild: { substitute: { level: info } }
`;
const config = `apiVersion: v1
kind: ConfigMap
metadata:
  name: api
  namespace: default
data:
  LEVEL: \${level}
  SIZE: "5"
`;

const opened: { folder: string; session: Session }[] = [];

afterEach(() => {
  for (const { folder, session } of opened.splice(0)) {
    session.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A fleet of one cluster, committed. */
function open(): { session: Session; uri(path: string): string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-session-'));
  const files = {
    'clusters/dev/flux-system/gotk-sync.yaml': sync,
    'clusters/dev/apps.yaml': apps,
    'apps/config.yaml': config,
    'apps/kustomization.yaml': 'resources: [config.yaml]\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init', '--quiet');
  git('remote', 'add', 'origin', 'https://git.example.com/fleet.git');
  git('add', '.');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'fleet');
  const session = createSession(
    {
      cluster: {
        now: () => 0,
        contexts: () => ({ contexts: [], files: [], problems: [] }),
        connect: () => ({ ok: false, failure: { reason: 'unreachable', message: 'no cluster' } }),
      },
      doors: createDoors(),
      pause: { plan: 20, preview: 20 },
      journal: () => ({ left: () => [], begin() {}, write() {}, close() {} }),
      now: () => 0,
    },
    { settings: { kubeconfig: '' }, trusted: true },
  );
  session.files.setFolders([pathToFileURL(folder).href]);
  opened.push({ folder, session });
  return { session, uri: (path) => pathToFileURL(join(folder, path)).href, folder };
}

const head = { against: { kind: 'commit', revision: 'HEAD' }, progress: () => undefined } as const;
const never = new AbortController().signal;

/** What the plan's entries that are not unchanged say. */
function said(plan: PlanView): string[] {
  const items = plan.groups.flatMap((group) => group.items).filter((item) => item.action !== 'unchanged');
  return items.map((item) => `${item.action} ${item.object.kind} ${item.object.name}: ${item.changes.join(', ')}`);
}

function nextPlan(session: Session): Promise<PlanView> {
  return new Promise((resolve) => session.planner.onChange((view) => resolve(view)));
}

test('the plan against HEAD is empty and says why, until a file is edited', async () => {
  const { session, uri } = open();
  const empty = await session.planner.make(head, never);
  expect(said(empty)).toEqual([]);
  expect(empty.message).toContain('Nothing would change');
  const next = nextPlan(session);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"6"'));
  expect(said(await next)).toEqual(['configure ConfigMap api: data.SIZE: 5 → 6']);
});

test('typing on makes the plan anew, and going back makes it empty again', async () => {
  const { session, uri } = open();
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"6"'));
  expect(said(await session.planner.make(head, never))).toEqual(['configure ConfigMap api: data.SIZE: 5 → 6']);
  let next = nextPlan(session);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"7"'));
  expect(said(await next)).toEqual(['configure ConfigMap api: data.SIZE: 5 → 7']);
  next = nextPlan(session);
  session.files.close(uri('apps/config.yaml'));
  expect(said(await next)).toEqual([]);
});

test('an editor that saves by itself makes no difference', async () => {
  const { session, uri, folder } = open();
  const path = 'apps/config.yaml';
  session.files.edit(uri(path), config.replace('"5"', '"6"'));
  await session.planner.make(head, never);
  const save = async (text: string): Promise<PlanView> => {
    const next = nextPlan(session);
    writeFileSync(join(folder, path), text);
    session.files.changedOnDisk([uri(path)]);
    return await next;
  };
  expect(said(await save(config.replace('"5"', '"6"')))).toEqual(['configure ConfigMap api: data.SIZE: 5 → 6']);
  const next = nextPlan(session);
  session.files.edit(uri(path), config.replace('"5"', '"7"'));
  expect(said(await next)).toEqual(['configure ConfigMap api: data.SIZE: 5 → 7']);
  expect(said(await save(config.replace('"5"', '"7"')))).toEqual(['configure ConfigMap api: data.SIZE: 5 → 7']);
});

test('an edit of a base inside a base is seen, saved or not', async () => {
  const { session, uri, folder } = open();
  const base = (name: string): string => `resources: [../config.yaml]\nnamePrefix: ${name}-\n`;
  mkdirSync(join(folder, 'apps/nested'));
  writeFileSync(join(folder, 'apps/nested/kustomization.yaml'), base('one'));
  writeFileSync(join(folder, 'apps/kustomization.yaml'), 'resources: [nested]\n');
  session.files.changedOnDisk([uri('apps/kustomization.yaml')]);
  const plan = await session.planner.make(head, never);
  expect(said(plan)).toContain('create ConfigMap one-api: ');
  const next = nextPlan(session);
  session.files.edit(uri('apps/nested/kustomization.yaml'), base('two'));
  expect(said(await next)).toContain('create ConfigMap two-api: ');
});

test('a side of an entry is a document whose lines lead to their source, through a substitution too', async () => {
  const { session, uri } = open();
  session.files.edit(uri('clusters/dev/apps.yaml'), apps.replace('level: info', 'level: debug'));
  const plan = await session.planner.make(head, never);
  const item = plan.groups.flatMap((group) => group.items).find((one) => one.object.kind === 'ConfigMap')!;
  expect(item.changes).toEqual(['data.LEVEL: info → debug']);
  const before = await session.render(parseVirtual(item.before)!, never);
  expect(before.text).toContain('LEVEL: info');
  const after = await session.render(parseVirtual(item.after)!, never);
  const at = after.text.indexOf('debug');
  const line = after.text.lastIndexOf('\n', at) + 1;
  const origins = originsAt(after, at, line, after.text.indexOf('\n', at));
  expect(origins.map((origin) => origin.file)).toContain('clusters/dev/apps.yaml');
});

test('a broken file leaves the plan with a problem that names its place', async () => {
  const { session, uri } = open();
  session.files.edit(uri('apps/kustomization.yaml'), 'resources: [missing.yaml]\n');
  const plan = await session.planner.make(head, never);
  expect(plan.problems[0]).toMatchObject({ severity: 'error', uri: uri('apps/kustomization.yaml') });
  expect(plan.counts.delete).toBe(0);
});

/** The next plan that follows the files. */
const next = ({ planner }: Session) => new Promise<PlanView>((resolve) => planner.onChange(resolve));

test('while an edit does not build, its object keeps the look that it had, and nothing of it can be applied', async () => {
  const { session, uri } = open();
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"6"'));
  await session.planner.make(head, never);
  const broken = next(session);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '["7"'));
  const held = await broken;
  expect(held.problems[0]).toMatchObject({ severity: 'error', uri: uri('apps/config.yaml') });
  const group = held.groups.find(({ owner }) => owner.name === 'apps')!;
  expect(group).toMatchObject({ held: true, note: 'does not build now: as it was before' });
  expect(group.items).toMatchObject([{ action: 'configure', summary: 'SIZE: 5 → 6', acts: false }]);
  expect(session.planner.render(group.items[0]!.id, 'after').text).toContain('SIZE: "6"');
  expect(session.planner.current()!.plan.groups.flatMap(({ entries }) => entries)).not.toMatchObject([
    { action: 'configure' },
  ]);
  // Typing on with the error still there changes nothing of it.
  const again = next(session);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '["78"'));
  expect((await again).groups.find(({ owner }) => owner.name === 'apps')).toEqual(group);
  const mended = next(session);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"8"'));
  const after = (await mended).groups.find(({ owner }) => owner.name === 'apps')!;
  expect(after.items).toMatchObject([{ summary: 'SIZE: 5 → 8', acts: true }]);
  expect(after.held).toBeUndefined();
});

test('a child that its broken parent no longer declares is held, too, until it is really gone', async () => {
  const { session, uri } = open();
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '"6"'));
  await session.planner.make(head, never);
  const broken = next(session);
  session.files.edit(uri('clusters/dev/apps.yaml'), apps.replace('prune: true', 'prune: [true'));
  expect((await broken).groups.filter(({ held }) => held).map(({ owner }) => owner.name)).toEqual([
    'flux-system',
    'apps',
  ]);
  const gone = next(session);
  session.files.edit(uri('clusters/dev/apps.yaml'), '# nothing\n');
  expect((await gone).groups.filter(({ held }) => held)).toEqual([]);
  expect(session.planner.current()!.view.counts.delete).toBeGreaterThan(0);
});

test('asked for anew, the plan is the true one, errors and all', async () => {
  const { session, uri } = open();
  await session.planner.make(head, never);
  session.files.edit(uri('apps/config.yaml'), config.replace('"5"', '["7"'));
  const plan = await session.planner.make(head, never);
  expect(plan.groups.some(({ held }) => held)).toBe(false);
  expect(plan.counts.delete).toBe(0);
});

test('where no plan can be made any more, the one before stays, and says that it is behind', async () => {
  const { session, uri } = open();
  const before = await session.planner.make(head, never);
  const behind = next(session);
  session.files.edit(uri('clusters/dev/flux-system/gotk-sync.yaml'), '# nothing\n');
  session.files.edit(uri('clusters/dev/apps.yaml'), '# nothing\n');
  const plan = await behind;
  expect(plan).toMatchObject({ id: before.id, applicable: false });
  expect(plan.behind).toMatch(/No cluster directory/);
});

test('a preview follows the files, and a broken build says what is wrong', async () => {
  const { session, uri } = open();
  const preview = previewOf(session, { kind: 'flux', uri: uri('apps/config.yaml') });
  const virtual = parseVirtual(preview.uri!)!;
  expect((await session.render(virtual, never)).text).toContain('LEVEL: info');
  const told = new Promise<readonly string[]>((resolve) => session.onRendered(resolve));
  session.files.edit(uri('clusters/dev/apps.yaml'), apps.replace('level: info', 'level: debug'));
  expect(preview.uri).toContain((await told)[0]!);
  expect((await session.render(virtual, never)).text).toContain('LEVEL: debug');
  session.files.edit(uri('apps/kustomization.yaml'), 'resources: [missing.yaml]\n');
  expect((await session.render(virtual, never)).text).toMatch(/^# error: /);
});

test('the preview of a directory is that of the kustomization above a file', () => {
  const { session, uri } = open();
  const { uri: found } = previewOf(session, { kind: 'kustomize', uri: uri('apps/config.yaml') });
  expect(parseVirtual(found!)).toMatchObject({ of: 'kustomize', path: '/apps' });
  expect(previewOf(session, { kind: 'kustomize', uri: uri('clusters/dev/apps.yaml') }).message).toBeDefined();
});

test('without a cluster, the plan against it says why there is none', async () => {
  const { session } = open();
  const plan = await session.planner.make({ against: { kind: 'cluster' }, progress: () => undefined }, never);
  expect(plan).toMatchObject({ applicable: false, message: 'There is no context.' });
});

test('a part of the plan: an object, a file, the lines of a selection', async () => {
  const { session, uri } = open();
  const second = config.replace('name: api', 'name: web');
  session.files.edit(uri('apps/config.yaml'), `${config.replace('"5"', '"6"')}---\n${second}`);
  const lines = (first: number, last: number) =>
    ({ kind: 'file', uri: uri('apps/config.yaml'), lines: { first, last } }) as const;
  const one = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'api' };
  const changed = ['configure ConfigMap api: data.SIZE: 5 → 6'];
  const created = ['create ConfigMap web: '];
  for (const [scope, expected] of [
    [{ kind: 'object', object: one }, changed],
    [{ kind: 'file', uri: uri('apps/config.yaml') }, [...changed, ...created]],
    [{ kind: 'file', uri: uri('clusters/dev/apps.yaml') }, [...changed, ...created]],
    [lines(0, 3), changed],
    [lines(12, 14), created],
    [{ kind: 'file', uri: uri('elsewhere.yaml') }, []],
  ] as const) {
    const view = await session.planner.make({ ...head, scope }, never);
    expect(said(view)).toEqual(expected);
    expect(view.scope).toEqual(scope);
  }
  session.files.edit(uri('.sourceignore'), 'drafts/\n');
  session.files.edit(uri('drafts/new.yaml'), config);
  for (const scope of [
    { kind: 'file', uri: uri('drafts/new.yaml') },
    { kind: 'file', uri: uri('drafts') },
  ] as const) {
    const { problems } = await session.planner.make({ ...head, scope }, never);
    expect(problems.map(({ message }) => message).join()).toMatch(
      /comes from drafts.*; "drafts\/" in \.sourceignore leaves it out of GitRepository flux-system\/flux-system$/,
    );
  }
});

test('masked values are told on request, of the plan that is shown and of no other', async () => {
  const { session, uri } = open();
  const secret = (value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: login, namespace: default }\nstringData: { password: ${value} }\n`;
  session.files.edit(uri('apps/config.yaml'), `${config}---\n${secret('canary-value')}`);
  const view = await session.planner.make(head, never);
  const item = view.groups.flatMap(({ items }) => items).find(({ object }) => object.kind === 'Secret')!;
  expect(JSON.stringify(view)).not.toContain('canary-value');
  expect(await session.planner.reveal(view.id, item.id, never)).toEqual({
    values: [{ path: 'stringData.password', after: 'canary-value' }],
  });
  expect(JSON.stringify([session.planner.current()!.plan, session.planner.render(item.id, 'after')])).not.toContain(
    'canary-value',
  );
  expect((await session.planner.reveal('plan-0', item.id, never)).values).toEqual([]);
});

test('two folders with a cluster directory of one path are told apart', async () => {
  const [one, two] = [open(), open()];
  one.session.files.setFolders([pathToFileURL(one.folder).href, pathToFileURL(two.folder).href]);
  const { choices = [] } = await one.session.planner.make(head, never);
  expect(choices.map(({ label, description }) => [label, description])).toEqual([
    ['clusters/dev', one.folder],
    ['clusters/dev', two.folder],
  ]);
  writeFileSync(join(two.folder, 'apps/config.yaml'), config.replace('"5"', '"6"'));
  one.session.files.setFolders([pathToFileURL(one.folder).href, pathToFileURL(two.folder).href]);
  const second = await one.session.planner.make({ ...head, cluster: choices[1]!.cluster }, never);
  expect(second.counts.configure).toBe(1);
});
