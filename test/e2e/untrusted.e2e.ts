/** A folder that nobody has trusted yet: its YAML is checked, and nothing is started and nobody is talked to. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Editor, startEditor } from './editor.ts';
import { copyFleet, type Fleet } from './fleet.ts';

let fleet: Fleet;
let editor: Editor;
let server: Server;
let folder: string;
/** Requests that reached the pretended API server. */
const heard: string[] = [];

beforeAll(async () => {
  fleet = copyFleet();
  server = createServer(({ url }, response) => {
    heard.push(url ?? '');
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: 403, message: 'nobody may do anything' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  folder = mkdtempSync(join(tmpdir(), 'sluice-kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${port}`));
  editor = await startEditor({ folder: fleet.folder, env: { KUBECONFIG: kubeconfig }, trust: 'ask' });
});

afterEach(({ task }) => editor?.shotOfFailure(task));

afterAll(async () => {
  await editor?.stop();
  server?.close();
  fleet?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const kubeconfigFor = (url: string): string => `apiVersion: v1
kind: Config
current-context: pretended
contexts: [{ name: pretended, context: { cluster: pretended, user: nobody } }]
clusters: [{ name: pretended, cluster: { server: "${url}" } }]
users: [{ name: nobody, user: { token: t0ken } }]
`;

test('it says that it waits for trust, and asks no cluster', async () => {
  await editor.sluice();
  await editor.page.getByText('This workspace is not trusted').waitFor();
  await editor.shot('untrusted');
  expect(heard).toEqual([]);
});

test('wrong YAML still gets a squiggle, and a preview still builds', async () => {
  const { page } = editor;
  await editor.open('clusters/staging/apps.yaml');
  await editor.command('Sluice: Preview as This Cluster Would See It');
  await page.getByRole('tab', { name: /Kustomization apps/ }).waitFor();
  await page.locator('.view-lines').getByText('kind: Namespace').first().waitFor();
  await editor.open('clusters/staging/apps.yaml');
  await editor.replace('prune: true', 'prun: true');
  await page.locator('.monaco-editor .squiggly-error').first().waitFor();
  expect(heard).toEqual([]);
});

test('a plan against a commit would start git, and says so instead', async () => {
  await editor.command('Sluice: Show Plan against Git HEAD');
  await editor.pick('clusters/staging');
  await editor.page
    .getByText(/Trust this workspace to compare with a commit/)
    .first()
    .waitFor();
  expect(heard).toEqual([]);
});

test('once trusted, it connects, and a refusal is said in one sentence', async () => {
  const { page } = editor;
  await editor.command('Workspaces: Manage Workspace Trust');
  await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
  await page.keyboard.press('Escape');
  await page
    .getByText(/nobody may do anything/)
    .first()
    .waitFor();
  await page.locator('.statusbar').getByText('pretended').waitFor();
  await editor.shot('refused');
  expect(heard.length).toBeGreaterThan(0);
});

test('a kubeconfig of the folder runs its program only when that is allowed, and the question shows it whole', async () => {
  const { page } = editor;
  const ran = join(folder, 'ran');
  writeFileSync(
    join(fleet.folder, 'kubeconfig'),
    kubeconfigFor('http://127.0.0.1:1').replace(
      '{ token: t0ken }',
      `{ exec: { apiVersion: client.authentication.k8s.io/v1, command: touch, args: ["${ran}"], interactiveMode: Never } }`,
    ),
  );
  await editor.setting('sluice.kubeconfig', join(fleet.folder, 'kubeconfig'));
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.getByText(`touch ${ran}`).waitFor();
  await editor.shot('approve');
  await editor.confirm('Cancel');
  expect(existsSync(ran)).toBe(false);
});
