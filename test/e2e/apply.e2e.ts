/**
 * A plan against a real cluster from the first edit to the last deletion: parts of it, files that break or move under it,
 * what is applied together, what is refused, and what is asked. The context is protected by the environment throughout.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { contextName, type Layout } from '../../scripts/cluster/layout.ts';
import type { Repository } from '../../scripts/cluster/repository.ts';
import { kubectl } from '../../scripts/cluster/up.ts';
import type { ApplyEvent, ObjectId } from '../../src/engine/index.ts';
import { journalFor } from '../../src/io/journal.ts';
import { connectTo } from '../cluster/rig.ts';
import type { Editor } from './editor.ts';
import { type Stack, startStack } from './stack.ts';

let stack: Stack;
let layout: Layout;
let repository: Repository;
let editor: Editor;

beforeAll(async () => {
  stack = await startStack(async (layout) => {
    const XDG_STATE_HOME = layout.file('state');
    await writeJournal(layout, { XDG_STATE_HOME });
    return { XDG_STATE_HOME, SLUICE_PROTECTED: contextName };
  });
  ({ layout, repository, editor } = stack);
});

afterEach(({ task }) => editor?.shotOfFailure(task));

afterAll(async () => await stack?.stop());

const remote = 'https://far.example.com';

/** What an apply leaves behind whose process was killed: one object applied, one sent to another cluster, one not sent. */
async function writeJournal(layout: Layout, env: Readonly<Record<string, string>>): Promise<void> {
  const id = (name: string): ObjectId => ({ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'apps', name });
  const owner: ObjectId = {
    group: 'kustomize.toolkit.fluxcd.io',
    version: 'v1',
    kind: 'Kustomization',
    namespace: 'flux-system',
    name: 'apps',
  };
  const far = { ...id('far'), cluster: remote };
  const events: readonly ApplyEvent[] = [
    { type: 'started', objects: 3, owners: [owner], all: [id('near'), far, id('last')] },
    { type: 'sending', owner, id: id('near') },
    { type: 'object', owner, id: id('near'), outcome: 'applied', message: '' },
    { type: 'sending', owner, id: far, cluster: remote },
  ];
  const identity = await connectTo(layout.kubeconfig).identity();
  if (!identity.ok) throw new Error(identity.failure.message);
  const journal = journalFor(identity.value, env);
  journal.begin();
  for (const event of events) journal.write(event);
}

const dialog = () => editor.page.locator('.monaco-dialog-box');
const change = /^change Deployment api, replicas: 3 → 4/;

/** Agrees, and types the name of the protected context. */
async function applyAnyway(): Promise<void> {
  await editor.confirm('Apply');
  await typeName();
}

async function typeName(): Promise<void> {
  const input = editor.page.locator('.quick-input-widget input.input');
  await editor.page.locator('.quick-input-widget').getByText('Type the name of the context to go on.').waitFor();
  await input.fill(contextName);
  await editor.page.keyboard.press('Enter');
}

async function idle(): Promise<void> {
  await editor.page
    .locator('.notification-toast')
    .getByText(/^Applying to/)
    .first()
    .waitFor({ state: 'detached' });
}

test('an apply that was killed is told object by object, with the cluster that each was in, until it is put away', async () => {
  await editor.sluice();
  const left = editor.row(/^The last apply did not come to its end, 1 answered, 1 unknown, 1 not sent/);
  await left.waitFor();
  await editor.row(/^ConfigMap far, unknown: .* apps · https:\/\/far\.example\.com/).waitFor();
  await editor.row(/^ConfigMap last, not sent · apps$/).waitFor();
  await editor.shot('unfinished');
  await editor.menu(left, 'Dismiss the Unfinished Apply');
  await left.waitFor({ state: 'detached' });
});

test('the plan of one object is asked for in the tree', async () => {
  const { page } = editor;
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 3', 'count: 4');
  await editor.open('clusters/production/infrastructure.yaml');
  await editor.replace('interval: 1h', 'interval: 2h');
  await editor.menu(editor.row(/^apps, ready/), 'Show Plan for This Object');
  await editor.row(change).waitFor();
  await page
    .getByText(/^~1 · Kustomization apps/)
    .first()
    .waitFor();
  expect(await editor.row(/Kustomization infrastructure, interval/).count()).toBe(0);
  await editor.command('Sluice: Show Plan');
  await editor.row(/^change Kustomization infrastructure, interval: 1h0?m?0?s? → 2h/).waitFor();
  await editor.open('clusters/production/infrastructure.yaml');
  await editor.command('File: Revert File');
  await editor.row(/Kustomization infrastructure, interval/).waitFor({ state: 'detached' });
});

test('the plan of a folder is asked for in the explorer', async () => {
  const { page } = editor;
  await editor.command('View: Show Explorer');
  const folder = page.locator('.explorer-folders-view').getByRole('treeitem', { name: 'infrastructure', exact: true });
  await editor.menu(folder.first(), 'Show Plan for This File or Folder');
  await page
    .getByText(/infrastructure · sluice/)
    .first()
    .waitFor();
  await editor.row(change).waitFor({ state: 'detached' });
  await editor.command('Sluice: Show Plan');
  await editor.row(change).waitFor();
});

test('while the YAML is broken, the last good plan stays, says so, and cannot be applied', async () => {
  const { page } = editor;
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 4', 'count: [4');
  await editor.row(/^Kustomization apps, does not build now: as it was before/).waitFor();
  await editor.row(change).waitFor();
  await editor.row(/^error: .*kustomization/i).waitFor();
  await editor.shot('plan-held');
  await editor.row(change).click();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('replicas: 4').waitFor();
  expect(await editor.row(change).getByRole('button', { name: 'Apply This…' }).count()).toBe(0);
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('[4]', '4');
  await editor.row(/^Kustomization apps, 1 to change/).waitFor();
  await editor.row(/^error: /).waitFor({ state: 'detached' });
});

test('a file that is renamed takes nothing away until the reference follows', async () => {
  const service = readFileSync(join(repository.folder, 'apps/base/api/service.yaml'), 'utf8');
  const base = readFileSync(join(repository.folder, 'apps/base/api/kustomization.yaml'), 'utf8');
  repository.write({ 'apps/base/api/service.yaml': undefined, 'apps/base/api/renamed.yaml': service });
  await editor.row(/^Kustomization apps, does not build now/).waitFor();
  await editor.row(change).waitFor();
  expect(await editor.row(/Service api/).count()).toBe(0);
  repository.write({ 'apps/base/api/kustomization.yaml': base.replace('service.yaml', 'renamed.yaml') });
  await editor.row(/^Kustomization apps, 1 to change/).waitFor();
  await editor.row(change).waitFor();
});

test('the editor of all changes follows the plan: what is new comes in, and it goes with the plan', async () => {
  const { page } = editor;
  const all = page.getByRole('tab', { name: /^Plan: / });
  await editor.command('Sluice: Open All Changes');
  await page.locator('.multiDiffEntry').first().waitFor();
  const whole = readFileSync(join(repository.folder, 'apps/production/kustomization.yaml'), 'utf8');
  const added = ['one', 'two', 'three'].map((name) => configMap(name, 'a')).join('---\n');
  repository.write({
    'clusters/production/extra.yaml': namespace,
    'apps/production/more.yaml': added,
    'apps/production/kustomization.yaml': whole.replace('  - worker\n', '  - worker\n  - more.yaml\n'),
  });
  await editor.row(/^create Namespace extra/).waitFor();
  await page.locator('.multiDiffEntry').getByText('ConfigMap one.yaml').first().waitFor();
  await editor.command('Sluice: Close Plan');
  await all.waitFor({ state: 'detached' });
  await editor.command('Sluice: Show Plan');
  await editor.row(/^create Namespace extra/).waitFor();
});

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { key: ${value} }\n`;
const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: extra }\n';

test('several rows are applied together, after the context was named, and the rest is said to be left out', async () => {
  const { page } = editor;
  await editor.row(/^create ConfigMap one/).click();
  // The change that a click opens takes the focus when it is there, and an open menu would close then.
  await page.getByRole('tab', { name: /^ConfigMap one/, selected: true }).waitFor();
  await page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor();
  await editor.row(/^create ConfigMap two/).click({ modifiers: ['Control'] });
  await editor.menu(editor.row(/^create ConfigMap two/), 'Apply This…');
  await dialog().getByText('2 to create.').waitFor();
  await dialog()
    .getByText(/Left out: .*ConfigMap three/)
    .waitFor();
  await editor.confirm('Apply');
  const input = page.locator('.quick-input-widget input.input');
  await input.fill('something-else');
  await page.locator('.quick-input-widget').getByText(`It is ${contextName}.`).waitFor();
  await editor.shot('protected-wrong-name');
  await input.fill(contextName);
  await page.keyboard.press('Enter');
  await editor.row(/^create ConfigMap two/).waitFor({ state: 'detached' });
  await idle();
  expect(await stack.live('configmap/apps/one', '.data.key')).toBe('a');
  expect(await stack.live('configmap/apps/two', '.data.key')).toBe('a');
  expect(await kubectl(layout, ['get', 'configmap', '-n', 'apps', '--ignore-not-found', 'three'])).toBe('');
});

test('a plan whose live object changed since is refused, and the new plan can be applied', async () => {
  const { page } = editor;
  await editor.row(/^create ConfigMap three/).waitFor();
  await kubectl(layout, ['create', 'configmap', '-n', 'apps', 'three', '--from-literal=key=b']);
  await editor.menu(editor.row(/^create ConfigMap three/), 'Apply This…');
  await applyAnyway();
  await page
    .locator('.notification-toast')
    .getByText(/Nothing was sent, for the plan no longer holds/)
    .first()
    .waitFor();
  await editor.shot('stale');
  expect(await stack.live('configmap/apps/three', '.data.key')).toBe('b');
  await editor.command('Notifications: Clear All Notifications');
  await editor.row(/^change ConfigMap three/).waitFor();
});

test('a group is applied with all that it changes', async () => {
  await editor.menu(editor.row(/^Kustomization apps, /), 'Apply This…');
  await dialog().getByText('2 to change.').waitFor();
  await dialog().getByText('Left out: Namespace extra.').waitFor();
  await applyAnyway();
  await editor.row(change).waitFor({ state: 'detached' });
  await idle();
  expect(await stack.live('deployment/apps/api', '.spec.replicas')).toBe('4');
  expect(await stack.live('configmap/apps/three', '.data.key')).toBe('a');
});

test('all that is left is applied, and the plan is empty', async () => {
  await editor.command('Sluice: Apply…');
  await dialog().getByText('1 to create.').waitFor();
  await applyAnyway();
  await editor.page.getByText('Nothing would change').first().waitFor();
  await idle();
  expect(await kubectl(layout, ['get', 'namespace', 'extra', '-o', 'name'])).toContain('extra');
});

test('deleting a namespace is asked for on its own, and not done when that is declined', async () => {
  repository.write({
    'clusters/production/extra.yaml': undefined,
    'apps/production/more.yaml': configMap('one', 'c'),
  });
  const namespace = editor.row(/^delete Namespace extra.*look twice/);
  await namespace.waitFor();
  await editor.row(/^change ConfigMap one/).waitFor();
  await editor.command('Sluice: Apply…');
  await dialog().getByText('1 to change, 3 to delete').waitFor();
  await editor.confirm('Apply');
  await dialog().getByText('Delete what takes other things with it').waitFor();
  await editor.shot('grave');
  await editor.confirm('Cancel');
  await namespace.waitFor();
  expect(await stack.live('configmap/apps/one', '.data.key')).toBe('a');
});

test('it is deleted when both questions are answered', async () => {
  await editor.command('Sluice: Apply…');
  await editor.confirm('Apply');
  await editor.confirm('Delete Namespace extra');
  await typeName();
  await editor.page.getByText('Nothing would change').first().waitFor();
  await idle();
  expect(await stack.live('configmap/apps/one', '.data.key')).toBe('c');
  expect(await kubectl(layout, ['get', 'configmap', '-n', 'apps', '--ignore-not-found', 'two', 'three'])).toBe('');
  const phase = ['get', 'namespace', 'extra', '--ignore-not-found', '-o', 'jsonpath={.status.phase}'];
  expect(await kubectl(layout, phase)).not.toBe('Active');
});

test('what a file would send to this cluster names the cluster', async () => {
  const { page } = editor;
  await editor.open('apps/base/api/ingress.yaml');
  await editor.command('Sluice: Preview as This Cluster Would See It');
  await editor.pick('clusters/production/apps.yaml');
  const preview = page.locator('.editor-group-container').nth(1);
  await preview.getByText('api.example.com').first().waitFor();
  await preview.getByText('api.example.com').first().click();
  await page.keyboard.press('Control+Home');
  await preview.getByText(contextName).first().waitFor();
  await editor.shot('preview-as-cluster');
  await editor.command('View: Close Editor');
});

test('a read-only context refuses, whatever else protects it; with another context the plan is put away', async () => {
  const { page } = editor;
  const locked = page.locator('.statusbar-item').filter({ hasText: contextName });
  expect(await locked.getAttribute('aria-label')).toContain('SLUICE_PROTECTED');
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 4', 'count: 6');
  const edited = editor.row(/^change Deployment api, replicas: 4 → 6/);
  await edited.click();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('replicas: 6').waitFor();
  await editor.setting('sluice.readOnlyContexts', [contextName]);
  await page
    .getByText(/is read-only \(sluice\.readOnlyContexts\)/)
    .first()
    .waitFor();
  await editor.setting('sluice.readOnlyContexts', []);
  await page
    .getByText(/is read-only/)
    .first()
    .waitFor({ state: 'detached' });
  await editor.command('Sluice: Choose Context');
  await editor.pick('elsewhere');
  await page.getByText(/nothing listens there/).waitFor();
  await edited.waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: /live ↔ workspace/ }).waitFor({ state: 'detached' });
  await editor.shot('no-answer');
});
