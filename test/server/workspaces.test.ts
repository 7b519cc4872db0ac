/** Folders beside the open one: those that the settings map, and the others of a multi-root workspace. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { Start } from '../../src/protocol/index.ts';
import { openFolder } from './open.ts';

const url = 'https://git.example.com/acme/apps';
const fleet = {
  'clusters/one/apps.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: apps, namespace: flux-system}
spec: {url: "${url}", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./web, prune: true, sourceRef: {kind: GitRepository, name: apps}}
`,
};
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: default}\n';

/** The fleet, with another folder beside it that holds the apps. */
function open(start: Partial<Start>) {
  const opened = openFolder(fleet, start);
  const apps = join(opened.folder, '../apps');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(apps, path)), { recursive: true });
    writeFileSync(join(apps, path), text);
  };
  write('web/web.yaml', configMap);
  write('.git/HEAD', 'ref: refs/heads/main\n');
  write('.git/config', `[remote "origin"]\n\turl = ${url}\n`);
  return { ...opened, apps };
}

async function previewOf({ session }: ReturnType<typeof open>) {
  const folder = session.files.folders()[0]!;
  const object = session.workspace(folder).find({ kind: 'Kustomization', namespace: 'flux-system', name: 'apps' })[0]!;
  return session.doors.flux(session.workspace(folder), object, new AbortController().signal);
}

test('a folder that the settings map stands for its source, and its lines are found', async () => {
  const opened = open({ settings: { kubeconfig: '', sources: { [url]: '../apps' } } });
  const { nodes } = await previewOf(opened);
  expect(nodes).toHaveLength(1);
  const place = opened.session.place(opened.session.files.folders()[0]!, nodes[0]!.at);
  expect(place?.uri).toBe(pathToFileURL(join(opened.apps, 'web/web.yaml')).href);
});

test('in an untrusted workspace nothing is mapped', async () => {
  const { nodes, note } = await previewOf(
    open({ trusted: false, settings: { kubeconfig: '', sources: { [url]: '../apps' } } }),
  );
  expect(nodes).toEqual([]);
  expect(note).toContain('GitRepository flux-system/apps');
});

test('another open folder stands for its own remote, unsaved edits included', async () => {
  const opened = open({});
  expect((await previewOf(opened)).nodes).toEqual([]);
  opened.session.files.setFolders([opened.folder, opened.apps].map((path) => pathToFileURL(path).href));
  const edited = pathToFileURL(join(opened.apps, 'web/web.yaml')).href;
  opened.session.files.edit(edited, configMap.replace('name: web', 'name: edited'));
  const { nodes } = await previewOf(opened);
  expect(JSON.stringify(nodes, (_, value) => (typeof value === 'bigint' ? Number(value) : value))).toContain('edited');
  expect(opened.session.place(opened.session.files.folders()[0]!, nodes[0]!.at)?.uri).toBe(edited);
});
