/** A HelmRelease whose chart lies in the fleet: its preview follows the values, and leads back to them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Editor, startEditor } from './editor.ts';

const fleet: Readonly<Record<string, string>> = {
  'clusters/dev/flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/acme/fleet.git
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 10m
  path: ./clusters/dev
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
`,
  'clusters/dev/shop.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: shop
  namespace: flux-system
spec:
  interval: 10m
  chart:
    spec:
      chart: ./charts/shop
      sourceRef:
        kind: GitRepository
        name: flux-system
  targetNamespace: shop
  valuesFrom:
    - kind: ConfigMap
      name: shop-values
  values:
    replicas: 2
    image:
      tag: 1.4.0
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-values
  namespace: flux-system
data:
  values.yaml: |
    colour: green
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: away
  namespace: flux-system
spec:
  url: http://CHARTS
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: away
  namespace: flux-system
spec:
  interval: 10m
  chart:
    spec:
      chart: away
      version: 1.x
      sourceRef:
        kind: HelmRepository
        name: away
`,
  'charts/shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'charts/shop/values.yaml':
    'replicas: 1\ncolour: red\nimage:\n  repository: registry.example.com/shop\n  tag: latest\n',
  'charts/shop/templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: shop
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          env:
            - name: COLOUR
              value: {{ .Values.colour | quote }}
`,
};

let folder: string;
let server: Server;
/** What was asked of the pretended chart repository. */
const heard: string[] = [];
let editor: Editor;

beforeAll(async () => {
  const host = await serveCharts();
  folder = mkdtempSync(join(tmpdir(), 'sluice-helm-'));
  for (const [path, text] of Object.entries(fleet)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text.replace('CHARTS', host));
  }
  const git = (...args: string[]): void => void execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', 'https://git.example.com/acme/fleet.git');
  git('add', '.');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'The fleet');
  editor = await startEditor({ folder, env: { KUBECONFIG: '' } });
});

afterAll(async () => {
  await editor?.stop();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(({ task }) => editor?.shotOfFailure(task));

/** A Helm repository on loopback with one chart; answers its host and port. */
async function serveCharts(): Promise<string> {
  const file = (path: string, body: string) => ({ header: { name: `away/${path}`, size: body.length }, body });
  const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: away}\ndata: {fetched: "yes"}\n';
  const tar = await packTar([
    file('Chart.yaml', 'apiVersion: v2\nname: away\nversion: 1.2.3\n'),
    file('templates/config.yaml', config),
  ]);
  const chart = gzipSync(tar);
  server = createServer(({ url }, response) => {
    heard.push(url ?? '');
    response.end(url === '/index.yaml' ? 'entries: {away: [{version: 1.2.3, urls: [away.tgz]}]}\n' : chart);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const right = () => editor.page.locator('.editor-group-container').nth(1);

test('the preview of a release shows what its chart makes of its values, and follows an unsaved edit', async () => {
  await editor.open('clusters/dev/shop.yaml');
  await editor.find('replicas: 2');
  await editor.command('Sluice: Preview Helm Release');
  await right().getByText('replicas: 2').first().waitFor();
  await editor.replace('replicas: 2', 'replicas: 5');
  await right().getByText('replicas: 5').first().waitFor();
  await editor.shot('preview-helm');
});

test('a rendered line leads to the line of the values that set it', async () => {
  const { page } = editor;
  await right()
    .getByText(/^\s*green$/)
    .first()
    .click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('button', { name: /Ln 30, Col/ }).waitFor();
});

test('a line that the chart wrote leads to its template, beside the preview', async () => {
  const { page } = editor;
  await right()
    .getByText(/^\s*COLOUR$/)
    .first()
    .click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('tab', { name: /deployment\.yaml/, selected: true }).waitFor();
  await page.getByRole('button', { name: /Ln 20, Col/ }).waitFor();
  await right()
    .getByText(/^\s*COLOUR$/)
    .first()
    .waitFor();
  await editor.open('clusters/dev/shop.yaml');
});

test('a line of the values leads to its rendered line', async () => {
  const { page } = editor;
  await editor.find('tag: 1.4.0');
  await editor.command('Sluice: Go to Rendered Line');
  await page.getByRole('tab', { name: /HelmRelease shop/, selected: true }).waitFor();
});

test('merged values tell which file and line won', async () => {
  await editor.open('clusters/dev/shop.yaml');
  await editor.find('replicas: 5');
  await editor.command('Sluice: Show Merged Values');
  await right().getByText('# charts/shop/values.yaml:4').first().waitFor();
  await right().getByText('# clusters/dev/shop.yaml:30').first().waitFor();
  await editor.shot('merged-values');
});

test('a release whose chart is elsewhere says what to do', async () => {
  await editor.open('clusters/dev/shop.yaml');
  await editor.find('chart: away');
  await editor.command('Sluice: Preview Helm Release');
  await right().getByText('Fetch Charts').first().waitFor();
  await editor.shot('chart-elsewhere');
  expect(heard).toEqual([]);
});

test('once its chart was fetched, the open preview shows it', async () => {
  await editor.command('Sluice: Fetch Charts');
  await right().getByText('fetched').first().waitFor();
  await right().getByText('kind: ConfigMap').first().waitFor();
  expect(heard).toEqual(['/index.yaml', '/away.tgz']);
  await editor.shot('chart-fetched');
});

test('what a release installs is in the plan, and its lines lead to the values', async () => {
  const { page } = editor;
  await editor.command('Sluice: Show Plan against Git HEAD');
  await editor.row(/^change Deployment shop-shop, replicas: 2 → 5/).click();
  await page.locator('.monaco-diff-editor .modified .view-lines').getByText('replicas: 5').click();
  await editor.command('Sluice: Go to Source Line');
  await page.getByRole('tab', { name: /^shop\.yaml/, selected: true }).waitFor();
  await page.getByRole('button', { name: /Ln 19, Col/ }).waitFor();
  await editor.shot('plan-helm');
});
