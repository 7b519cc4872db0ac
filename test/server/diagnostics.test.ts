/** Problems as you type and their fixes, through the handlers: what is sent, when, and what is not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { CodeAction, PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { openWorkspace, type Workspace } from '../../src/engine/index.ts';
import { createDoors } from '../../src/server/doors.ts';
import { createFiles, type Folder } from '../../src/server/files.ts';
import type { Server } from '../../src/server/handler.ts';
import { codeActions } from '../../src/server/handlers/codeActions.ts';
import { diagnostics } from '../../src/server/handlers/diagnostics.ts';

/** The handlers on a folder, with an editor that remembers what it was sent. */
function editor(contents: Readonly<Record<string, string>>, yamlSyntaxElsewhere = false) {
  const root = mkdtempSync(join(tmpdir(), 'sluice-diagnostics-'));
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const files = createFiles();
  const sent: PublishDiagnosticsParams[] = [];
  const open = new Map<string, { readonly version: number }>();
  let shutdown = (): void => undefined;
  let answer: (params: object) => unknown = () => undefined;
  const server = {
    connection: {
      sendDiagnostics: (params: PublishDiagnosticsParams) => void sent.push(params),
      onShutdown: (listener: () => void) => (shutdown = listener),
      onCodeAction: (listener: typeof answer) => (answer = listener),
    },
    documents: { get: (uri: string) => open.get(uri), keys: () => [...open.keys()] },
    session: {
      files,
      workspace: (folder: Folder): Workspace => openWorkspace(files.tree(folder), { remotes: [] }),
      doors: createDoors(),
    },
    start: { settings: { kubeconfig: '' }, trusted: false, yamlSyntaxElsewhere },
  } as unknown as Server;
  diagnostics.register(server);
  codeActions.register(server);
  files.setFolders([pathToFileURL(root).href]);
  onTestFinished(() => {
    shutdown();
    rmSync(root, { recursive: true });
  });
  const uri = (path: string): string => pathToFileURL(join(root, path)).href;
  return {
    type(path: string, version: number, text: string) {
      open.set(uri(path), { version });
      files.edit(uri(path), text);
    },
    /** What the editor shows of a file, once `count` things were sent about it. */
    async shown(path: string, count: number): Promise<PublishDiagnosticsParams> {
      for (let i = 0; i < 3000; i++) {
        const about = sent.filter((each) => each.uri === uri(path));
        if (about.length >= count) return about[count - 1]!;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`only ${JSON.stringify(sent)} was sent`);
    },
    sent: (path: string) => sent.filter((each) => each.uri === uri(path)).length,
    fixes(path: string, line: number): readonly CodeAction[] {
      const range = { start: { line, character: 0 }, end: { line, character: 9 } };
      return answer({ textDocument: { uri: uri(path) }, range, context: { diagnostics: [] } }) as CodeAction[];
    },
    uri,
  };
}

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';

test('what is open is judged soon, with its version; what is put right is cleared', async () => {
  const it = editor({ 'a.yaml': configMap });
  it.type('a.yaml', 2, `${configMap}dada: {}\n`);
  const shown = await it.shown('a.yaml', 1);
  expect(shown).toMatchObject({
    version: 2,
    diagnostics: [
      {
        range: { start: { line: 3, character: 0 }, end: { line: 3, character: 4 } },
        severity: 1,
        source: 'sluice',
        code: 'schema-unknown-field',
        message: 'Unknown field "dada"; did you mean "data"?',
      },
    ],
  });
  expect(it.fixes('a.yaml', 3)).toMatchObject([
    { title: 'Change to "data"', kind: 'quickfix', edit: { changes: { [it.uri('a.yaml')]: [{ newText: 'data' }] } } },
  ]);
  it.type('a.yaml', 3, configMap);
  expect(await it.shown('a.yaml', 2)).toMatchObject({ version: 3, diagnostics: [] });
});

test('files that nobody has open are judged too, and again when another file changes', async () => {
  const it = editor({ 'kustomization.yaml': 'resources: [a.yaml]\n' });
  expect((await it.shown('kustomization.yaml', 1)).diagnostics).toMatchObject([{ code: 'file-missing' }]);
  it.type('a.yaml', 1, configMap);
  expect((await it.shown('kustomization.yaml', 2)).diagnostics).toEqual([]);
});

test('syntax errors are left to the other extension where there is one', async () => {
  const broken = `${configMap}a: [\n`;
  const alone = editor({ 'a.yaml': configMap });
  alone.type('a.yaml', 1, broken);
  expect((await alone.shown('a.yaml', 1)).diagnostics).toMatchObject([{ code: 'yaml-syntax' }]);
  const beside = editor({ 'a.yaml': configMap, 'b.yaml': `${configMap}foo: 1\n` }, true);
  beside.type('a.yaml', 1, broken);
  await beside.shown('b.yaml', 1);
  expect(beside.sent('a.yaml')).toBe(0);
});

test('what only a render of the fleet finds is told once, at its root cause, with what it blocks', async () => {
  const kustomization = (name: string, spec: string) =>
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n' +
    `metadata: {name: ${name}, namespace: flux-system}\n` +
    `spec: {interval: 1h, prune: true, sourceRef: {kind: GitRepository, name: flux-system}, ${spec}}\n`;
  const it = editor({
    'clusters/one/base.yaml': kustomization('base', 'path: ./base'),
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps, dependsOn: [{name: base}]'),
    'apps/a.yaml': configMap,
    'base/kustomization.yaml': 'resources: [../round]\n',
    'round/kustomization.yaml': 'resources: [../base]\n',
  });
  const { diagnostics } = await it.shown('round/kustomization.yaml', 1);
  expect(diagnostics).toMatchObject([
    {
      severity: 1,
      message: expect.stringContaining('cycle detected'),
      relatedInformation: [{ message: 'Kustomization flux-system/base holds up Kustomization flux-system/apps' }],
    },
  ]);
  expect(it.sent('clusters/one/apps.yaml')).toBe(0);
});
