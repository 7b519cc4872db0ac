/** `package.json` against the ids in `contributions.ts`: nothing undeclared, nothing dead, nothing without words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandIds, contextKeys, settingIds, viewIds } from '../../src/extension/contributions.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const words = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, string>;

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: unknown } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly grammars: readonly { readonly path: string }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly icon: string }[] };
  };
}

const { contributes } = manifest;

test('commands, views and settings are those that the code declares', () => {
  expect(contributes.commands.map((command) => command.command).sort()).toEqual([...commandIds].sort());
  expect(
    Object.values(contributes.views)
      .flat()
      .map((view) => view.id),
  ).toEqual(Object.values(viewIds));
  expect(Object.keys(contributes.configuration.properties)).toEqual(Object.values(settingIds));
});

test('each command is one file and one line', () => {
  const folder = join(root, 'src/extension/commands');
  const files = readdirSync(folder).filter((name) => !['command.ts', 'index.ts', 'act.ts', 'pick.ts'].includes(name));
  const kebab = (id: string) => `${id.replace('sluice.', '').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}.ts`;
  expect(files.sort()).toEqual(commandIds.map(kebab).sort());
  const list = readFileSync(join(folder, 'index.ts'), 'utf8');
  for (const file of files) expect(list).toContain(`from './${file}'`);
});

test('menus and welcome views name commands, views and context keys that exist', () => {
  const known = new Set<string>([...commandIds, ...Object.values(viewIds), ...Object.values(contextKeys)]);
  const commands: readonly string[] = commandIds;
  for (const item of Object.values(contributes.menus).flat()) {
    expect(commands).toContain(item.command);
    for (const [name] of (item.when ?? '').matchAll(/\bsluice\.\w+/g)) expect(known).toContain(name);
  }
  for (const { view, contents } of contributes.viewsWelcome) {
    expect(known).toContain(view);
    for (const [, command] of words[contents.slice(1, -1)]!.matchAll(/command:(sluice\.\w+)/g)) {
      expect(commands).toContain(command);
    }
  }
});

test('every command can be used from the palette', () => {
  expect(contributes.menus.commandPalette ?? []).toEqual([]);
  for (const { category } of contributes.commands) expect(category).toBe('Sluice');
});

test('every word is in package.nls.json, and every word there is used', () => {
  const used = [...JSON.stringify(manifest).matchAll(/%([\w.]+)%/g)].map((match) => match[1]!);
  expect([...new Set(used)].sort()).toEqual(Object.keys(words).sort());
});

test('files that are named exist', () => {
  const paths = [
    ...contributes.grammars.map((grammar) => grammar.path),
    ...contributes.viewsContainers.activitybar.map((container) => container.icon),
  ];
  for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true);
});

test('activation is narrow, and an untrusted workspace is limited', () => {
  expect(manifest.activationEvents).toEqual(['onLanguage:yaml']);
  expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
});
