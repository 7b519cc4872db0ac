/**
 * The main job on a real cluster: the example fleet on the loopback stack, opened in a real editor; look, reconcile, edit,
 * plan, apply, watch it become ready, and hand it back to Flux. The stack is the suite's own and is wiped at the end.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { contextName, type Layout } from '../../scripts/cluster/layout.ts';
import type { Repository } from '../../scripts/cluster/repository.ts';
import { down, kubectl } from '../../scripts/cluster/up.ts';
import { findCanary } from '../cli/canary.ts';
import type { Editor } from './editor.ts';
import { type Stack, startStack } from './stack.ts';

let stack: Stack;
let layout: Layout;
let repository: Repository;
let editor: Editor;

const secret = `apiVersion: v1
kind: Secret
metadata: { name: token }
stringData: { password: s3cr3t-canary }
`;

beforeAll(async () => {
  stack = await startStack();
  ({ layout, repository, editor } = stack);
});

afterEach(({ task }) => editor?.shotOfFailure(task));

afterAll(async () => await stack?.stop());

const apps = /^apps, /;
const live = (object: string, path: string): Promise<string> => stack.live(object, path);

test('the tree shows the cluster: its context, headings with counts, each Flux object with its state', async () => {
  const { page } = editor;
  await editor.sluice();
  await editor.row(/^Sources, /).waitFor();
  await editor.row(/^apps, ready, .*main@/).waitFor();
  for (const heading of ['Kustomizations', 'Helm releases', 'Image automation', 'Notifications']) {
    await editor.row(new RegExp(`^${heading}, `)).waitFor();
  }
  await page.locator('.statusbar').getByText(contextName).waitFor();
  await editor.shot('tree');
});

test('a Kustomization opens to what it applied, each with its health', async () => {
  await editor.expand(editor.row(apps));
  await editor.row(/^Deployment api, ready/).waitFor();
  await editor.row(/^Namespace apps, ready/).waitFor();
  await editor.shot('tree-applied');
});

test('reconcile asks the controller and says when it is done', async () => {
  const before = await live('kustomization/flux-system/apps', '.status.lastHandledReconcileAt');
  await editor.menu(editor.row(apps), 'Reconcile');
  await editor.page.locator('.statusbar').getByText('Kustomization flux-system/apps is ready').waitFor();
  await editor.shot('reconciled');
  expect(await live('kustomization/flux-system/apps', '.status.lastHandledReconcileAt')).not.toBe(before);
});

test('a suspended object shows it, refuses to reconcile with a reason, and can be resumed', async () => {
  const { page } = editor;
  await editor.menu(editor.row(apps), 'Suspend');
  await editor.row(/^apps, suspended/).waitFor();
  await editor.menu(editor.row(apps), 'Reconcile');
  await page.getByText('is suspended, so Flux would ignore the request').first().waitFor();
  await editor.shot('suspended');
  await editor.command('Notifications: Clear All Notifications');
  await editor.menu(editor.row(apps), 'Resume');
  await editor.row(/^apps, ready/).waitFor();
});

test('a wrong field gets a squiggle as it is typed', async () => {
  const { page } = editor;
  await editor.open('clusters/production/apps.yaml');
  await editor.replace('prune: true', 'prun: true');
  await page.locator('.monaco-editor .squiggly-error').first().waitFor();
  await editor.command('View: Focus Problems');
  await page.locator('.markers-panel .monaco-list-row').getByText('prun').first().waitFor();
  await editor.shot('squiggle');
  await editor.command('View: Toggle Panel Visibility');
  await editor.command('File: Revert File');
});

test('an unsaved edit shows in the plan against the cluster, and its diff is live against workspace', async () => {
  const { page } = editor;
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 3', 'count: 5');
  await editor.command('Sluice: Show Plan');
  await editor.row(/Deployment api.*replicas: 3 → 5/).click();
  await page.locator('.monaco-diff-editor .original .view-lines').getByText('replicas: 3').waitFor();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('replicas: 5').waitFor();
  await editor.shot('plan');
});

test('the plan of one file has what that file causes, and no more', async () => {
  const { page } = editor;
  repository.write({ 'apps/production/secret.yaml': secret });
  await editor.open('apps/production/kustomization.yaml');
  await editor.replace('  - worker', '  - worker\n- secret.yaml');
  await editor.command('Sluice: Show Plan for This File or Folder');
  await editor.row(/^create Secret token/).waitFor();
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.command('Sluice: Show Plan for This File or Folder');
  await editor.row(/Deployment api.*replicas: 3 → 5/).waitFor();
  await editor.row(/Secret token/).waitFor({ state: 'detached' });
  await editor.shot('plan-of-file');
  await editor.find('count: 5');
  await editor.command('Sluice: Show Plan for Selection');
  await page
    .getByText(/kustomization\.yaml:10/)
    .first()
    .waitFor();
  await editor.row(/Deployment api.*replicas: 3 → 5/).waitFor();
});

test("a Secret's values are masked, shown on request, and gone with the plan", async () => {
  const { page } = editor;
  await editor.command('Sluice: Show Plan');
  await editor.row(/^create Secret token/).click();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('***').first().waitFor();
  expect(await page.getByText('s3cr3t-canary').count()).toBe(0);
  await editor.menu(editor.row(/^create Secret token/), 'Reveal Secret Value…');
  await editor.confirm('Reveal');
  await page.locator('.monaco-editor .view-lines').getByText('s3cr3t-canary').first().waitFor();
  await editor.shot('revealed');
  await editor.command('Sluice: Close Plan');
  await page.getByRole('tab', { name: /revealed/ }).waitFor({ state: 'detached' });
});

test('every change opens in one editor', async () => {
  const { page } = editor;
  await editor.command('Sluice: Show Plan');
  await editor.row(/^create Secret token/).waitFor();
  await editor.command('Sluice: Open All Changes');
  await page.locator('.multiDiffEntry').nth(1).waitFor();
  await page.locator('.multiDiffEntry').getByText('/plan/Kustomization apps').first().waitFor();
  await editor.shot('plan-all-changes');
});

test('apply asks first, naming the context and the counts, and can be called off', async () => {
  const { page } = editor;
  await editor.command('Sluice: Apply…');
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.getByText(contextName).first().waitFor();
  await dialog.getByText('1 to create, 1 to change').waitFor();
  await editor.shot('apply-modal');
  await editor.confirm('Cancel');
  expect(await live('deployment/apps/api', '.spec.replicas')).toBe('3');
});

test('a read-only context refuses, and a protected one wants its name', async () => {
  const { page } = editor;
  await editor.setting('sluice.readOnlyContexts', ['sluice-*', 'loop*', contextName]);
  await page
    .getByText(/is read-only \(sluice\.readOnlyContexts\): nothing is written to it/)
    .first()
    .waitFor();
  await editor.shot('read-only');
  await editor.setting('sluice.readOnlyContexts', []);
  await editor.setting('sluice.protectedContexts', [contextName]);
  await page.locator('.statusbar .codicon-lock').waitFor();
  await page
    .getByText(/is read-only/)
    .first()
    .waitFor({ state: 'detached' });
  await editor.menu(editor.row(/Deployment api.*replicas: 3 → 5/), 'Apply This…');
  await editor.confirm('Apply');
  const name = page.locator('.quick-input-widget input.input');
  await name.fill('something-else');
  await editor.shot('protected');
  await page.keyboard.press('Escape');
  expect(await live('deployment/apps/api', '.spec.replicas')).toBe('3');
  await editor.setting('sluice.protectedContexts', []);
  await page.locator('.statusbar .codicon-lock').waitFor({ state: 'detached' });
});

test('one change is applied alone, what is left out is said, and the way back stays in sight', async () => {
  const { page } = editor;
  await editor.menu(editor.row(/Deployment api.*replicas: 3 → 5/), 'Apply This…');
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.getByText('Left out: Secret token').waitFor();
  await editor.shot('apply-one-modal');
  await editor.confirm('Apply');
  await editor.row(/^Suspended by an apply: Kustomization apps/).waitFor();
  await editor.row(/^create Secret token/).waitFor();
  await editor.shot('applied');
  expect(await live('deployment/apps/api', '.spec.replicas')).toBe('5');
  expect(await kubectl(layout, ['get', 'secret', '-n', 'apps', '--ignore-not-found', 'token'])).toBe('');
  await editor.row(/^apps, suspended/).waitFor();
  await editor.row(/^Deployment api, ready/).waitFor();
});

test('a window that is loaded again still knows the way back', async () => {
  const { page } = editor;
  await editor.command('File: Save All Files');
  const edited = join(repository.folder, 'apps/production/api/kustomization.yaml');
  await expect.poll(() => readFileSync(edited, 'utf8')).toContain('count: 5');
  const whole = join(repository.folder, 'apps/production/kustomization.yaml');
  await expect.poll(() => readFileSync(whole, 'utf8')).toContain('secret.yaml');
  // The editor forgets its copies of unsaved text a moment after the save; loaded again before, it would bring them back.
  await page.locator('.tab.dirty').first().waitFor({ state: 'detached' });
  await page.waitForTimeout(1500);
  await page.reload({ waitUntil: 'commit' });
  await page.locator('.activitybar').waitFor();
  await editor.sluice();
  await editor.row(/^Suspended by an apply: Kustomization apps/).waitFor();
  await editor.shot('way-back-after-reload');
});

test('committed, pushed and followed, Flux takes it from there and has nothing to change', async () => {
  const { page } = editor;
  const before = await live('deployment/apps/api', '.metadata.generation');
  await editor.command('Sluice: Show Plan');
  await editor.row(/^create Secret token/).waitFor();
  await editor.menu(editor.row(/^Suspended by an apply/), 'Commit, Push and Follow…');
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.getByText('Push to main of origin').waitFor();
  await dialog.getByText('apps/production/secret.yaml').waitFor();
  await dialog.getByText('apps/production/kustomization.yaml').waitFor();
  await editor.shot('push-modal');
  await editor.confirm('Commit and Push');
  await page.locator('.quick-input-widget input.input').fill('Scale the api');
  await page.keyboard.press('Enter');
  await page.getByText('Following the commit').first().waitFor();
  await editor.shot('following');
  await editor.row(/^Suspended by an apply/).waitFor({ state: 'detached' });
  // The last change is in the cluster, so the editor of all changes went with it.
  await page.getByRole('tab', { name: /^Plan: / }).waitFor({ state: 'detached' });
  // Nothing runs Helm releases here, so the last steps are not reached: it says what it waits for, and can be stopped.
  await page
    .locator('.notification-toast')
    .getByText(/HelmRelease/)
    .first()
    .waitFor();
  await stopFollowing();
  const commit = execFileSync('git', ['-C', repository.folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  await editor.row(new RegExp(`^apps, ready, .*${commit.slice(0, 7)}`)).waitFor();
  await editor.shot('ready');
  expect(await live('deployment/apps/api', '.metadata.generation')).toBe(before);
  expect(await live('kustomization/flux-system/apps', '.status.lastAppliedRevision')).toContain(commit);
});

/** A toast that tells news may move away under a click. */
async function stopFollowing(): Promise<void> {
  const toast = editor.page.locator('.notification-toast').filter({ hasText: 'Following the commit' });
  const cancel = toast.getByRole('button', { name: 'Cancel' });
  for (let tries = 0; tries < 20 && (await toast.count()) > 0; tries++) {
    await cancel
      .first()
      .click({ timeout: 1000 })
      .catch(() => undefined);
    await toast
      .first()
      .waitFor({ state: 'detached', timeout: 2000 })
      .catch(() => undefined);
  }
  await toast.first().waitFor({ state: 'detached' });
}

test('a commit that somebody pushed is followed, and that can be stopped', async () => {
  const toast = editor.page.locator('.notification-toast');
  await editor.command('Sluice: Follow Commit');
  await toast
    .getByText(/HelmRelease/)
    .first()
    .waitFor();
  await stopFollowing();
});

test('the plan is empty now, and says why', async () => {
  const { page } = editor;
  await editor.command('Sluice: Show Plan');
  await page.getByText('Nothing would change').first().waitFor();
  await editor.shot('plan-empty');
});

test('another context is chosen for this window alone, and the kubeconfig is not written', async () => {
  const { page } = editor;
  const before = [layout.kubeconfig, stack.elsewhere].map((file) => readFileSync(file, 'utf8'));
  await editor.command('Sluice: Choose Context');
  await page.locator('.quick-input-list').getByText(contextName).first().waitFor();
  await editor.shot('choose-context');
  await editor.pick('elsewhere');
  await page.getByText(/Context elsewhere .*nothing listens there/).waitFor();
  await page
    .getByText(/127\.0\.0\.1:1/)
    .first()
    .waitFor();
  await editor.shot('unreachable');
  await editor.command('Sluice: Choose Context');
  await editor.pick(contextName);
  await editor.row(/^apps, ready/).waitFor();
  expect([layout.kubeconfig, stack.elsewhere].map((file) => readFileSync(file, 'utf8'))).toEqual(before);
});

test('58d: nothing that the editor and the extension wrote holds a secret: no log, no storage, no journal', () => {
  const texts = readdirSync(editor.home, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const text = textOf(join(editor.home, path));
    return text === undefined ? [] : [{ path, text }];
  });
  // The channel of the extension and the log of its host are among them.
  expect(texts.filter(({ path }) => path.endsWith('.log')).length).toBeGreaterThan(0);
  const leaks = texts.flatMap(({ path, text }) => findCanary(path, text, ['s3cr3t-canary']));
  // The word alone is in names of the editor's own.
  expect(leaks.filter((leak) => !/ shows canary: /i.test(leak))).toEqual([]);
});

/** undefined for what is no file, or has gone since it was listed. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

test('a cluster that goes away is said to be gone, and what was known stays', async () => {
  await down(layout);
  await editor.row(/^Kustomizations, .*connection lost/).waitFor();
  await editor.row(apps).waitFor();
  await editor.shot('cluster-gone');
}, 90_000);
