/** The editor with no cluster at all: what Sluice says then, and what it can do. */
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('the views say what to do without a kubeconfig', async () => {
  await editor.sluice();
  await editor.page.getByText('No kubeconfig with a context was found').waitFor({ timeout: 30_000 });
  await editor.page.getByText('See what the files of this workspace').waitFor();
  await editor.shot('offline-welcome');
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});
