/** The editor with no cluster at all: what Sluice says then, and what it can do. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Editor, startEditor } from './editor.ts';
import { copyFleet, type Fleet } from './fleet.ts';

let fleet: Fleet;
let editor: Editor;

beforeAll(async () => {
  fleet = copyFleet();
  editor = await startEditor({ folder: fleet.folder, env: { KUBECONFIG: '' } });
});

afterAll(async () => {
  await editor?.stop();
  fleet?.remove();
});

afterEach(({ task }) => editor?.shotOfFailure(task));

test('the views say what to do without a kubeconfig', async () => {
  await editor.sluice();
  await editor.page.getByText('No kubeconfig with a context was found').waitFor();
  await editor.page.getByText('See what the files of this workspace').waitFor();
  await editor.shot('offline-welcome');
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});

test('an unsaved edit shows in the plan against Git HEAD', async () => {
  const { page } = editor;
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 3', 'count: 5');
  await editor.command('Sluice: Show Plan against Git HEAD');
  await editor.pick('clusters/production');
  const change = editor.row(/Deployment api.*replicas: 3 → 5/);
  await change.waitFor();
  await page.getByText('~1 · HEAD').waitFor();
  await editor.shot('plan-against-head');
});

test('a change opens in the diff editor, and follows the next keystroke', async () => {
  const { page } = editor;
  await editor.row(/Deployment api.*replicas/).click();
  const right = page.locator('.monaco-diff-editor .modified .view-lines');
  await right.getByText('replicas: 5').waitFor();
  await page.locator('.monaco-diff-editor .original .view-lines').getByText('replicas: 3').waitFor();
  await editor.shot('diff-against-head');
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 5', 'count: 6');
  await editor.row(/Deployment api.*replicas: 3 → 6/).waitFor();
});

test('what to look at twice is a problem at the line that causes it, for as long as the plan is open', async () => {
  const { page } = editor;
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 6', 'count: 0');
  await editor.row(/Deployment api.*replicas: 3 → 0.*look twice/).waitFor();
  await editor.command('View: Focus Problems');
  await page.locator('.markers-panel .monaco-list-row').getByText('sluice plan').first().waitFor();
  await editor.shot('dangers');
  await editor.command('View: Toggle Panel Visibility');
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.replace('count: 0', 'count: 6');
  await editor.row(/Deployment api.*replicas: 3 → 6/).waitFor();
});

test('a rendered line leads to its source line', async () => {
  const { page } = editor;
  await editor.row(/Deployment api.*replicas/).click();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('replicas: 6').click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('tab', { name: /kustomization\.yaml/, selected: true }).waitFor();
  await page.getByRole('button', { name: /Ln 10, Col 13/ }).waitFor();
});

test('lines of a nested Kustomization and of a patch lead to their own files', async () => {
  const { page } = editor;
  const modified = page.locator('.monaco-diff-editor .modified .view-lines');
  await editor.open('apps/production/api/kustomization.yaml');
  await editor.command('File: Revert File');
  await editor.open('clusters/production/apps.yaml');
  await editor.replace('timeout: 3m', 'timeout: 4m');
  await editor.row(/^change Kustomization apps, timeout: 3m → 4m/).click();
  await modified.getByText('timeout: 4m').click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('tab', { name: /^apps\.yaml/, selected: true }).waitFor();
  await page.getByRole('button', { name: /Ln 9, Col/ }).waitFor();
  await editor.open('apps/production/api/resources.yaml');
  await editor.replace('memory: 512Mi', 'memory: 640Mi');
  await editor.row(/^change Deployment api, memory: 512Mi → 640Mi/).click();
  await modified.getByText('memory: 640Mi').click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('tab', { name: /^resources\.yaml/, selected: true }).waitFor();
  await page.getByRole('button', { name: /Ln 15, Col/ }).waitFor();
});

test('the preview as Flux would build shows the substituted values beside the source', async () => {
  const { page } = editor;
  await editor.open('apps/base/api/ingress.yaml');
  await editor.find('host: api');
  await editor.command('Sluice: Preview as This Cluster Would See It');
  await editor.pick('clusters/production/apps.yaml');
  await page.locator('.view-lines').getByText('api.example.com').first().waitFor();
  await editor.shot('preview-flux');
});

test('the preview of a kustomize build shows what kustomize would print', async () => {
  const { page } = editor;
  await editor.command('View: Close All Editors');
  await editor.confirm("Don't Save");
  await editor.open('apps/production/kustomization.yaml');
  await editor.command('Sluice: Preview kustomize Build');
  await page.getByRole('tab', { name: /kustomize build apps-production/ }).waitFor();
  await page.locator('.view-lines').getByText('kind: Namespace').first().waitFor();
  await editor.shot('preview-kustomize');
});

test('a source line leads to its rendered line', async () => {
  const { page } = editor;
  await editor.open('apps/base/api/service.yaml');
  await editor.find('port: 80');
  await editor.command('Sluice: Go to Rendered Line');
  await page.getByRole('tab', { name: /kustomize build apps-production/, selected: true }).waitFor();
  await page.locator('.editor-group-container').nth(1).getByText('port: 80').first().waitFor();
});

test('hovering over a rendered line tells where it comes from', async () => {
  const { page } = editor;
  await page.locator('.editor-group-container').nth(1).getByText('port: 80').first().hover();
  await page
    .locator('.monaco-hover')
    .getByText(/service\.yaml:\d+/)
    .first()
    .waitFor();
  await editor.shot('hover-source');
});

/** What the editor says of Sluice's activation, in milliseconds. */
async function activation(): Promise<number> {
  const { page } = editor;
  await editor.command('Developer: Show Running Extensions');
  const rows = page.locator('.runtime-extensions-editor .monaco-list-row');
  const row = rows.filter({ hasText: 'Sluice' }).first();
  await rows.first().hover();
  // The list holds the rows on screen alone, the slowest extension first.
  for (let tries = 0; tries < 20 && !(await row.isVisible()); tries++) {
    await page.mouse.wheel(0, 200);
    await page.waitForTimeout(100);
  }
  const text = (await row.getByText(/^Activation: /).textContent()) ?? '';
  return Number(/([\d.]+)\s*ms/.exec(text)?.[1]);
}

test('the editor tells how long activation took', async () => {
  const took = await activation();
  // A clock on the wall judges nothing on a busy machine: the number is for people to read (on an idle one 10 to 20 ms).
  console.log(`activation: ${took} ms`);
  expect(took).toBeGreaterThanOrEqual(0);
});
