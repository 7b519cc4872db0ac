/**
 * A real VS Code with the packed extension, driven by Chromium: started for one story, with a home, settings and
 * extensions of its own, and stopped by process id. What a person would do is a function here.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { editor as installed } from './setup.ts';

const root = join(import.meta.dirname, '../..');
const screenshots = join(root, 'out/screenshots');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;

export interface StartOptions {
  /** The folder that is opened. */
  readonly folder: string;
  /** User settings beside those that keep the editor quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the extension host and the server. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keep workspace trust on, so that the folder opens untrusted. */
  readonly trust?: 'ask';
}

export interface Editor {
  readonly page: Page;
  readonly url: string;
  /** The home of the editor: whatever it and the extension write is below it. */
  readonly home: string;
  /** Takes a picture for a person to look at. */
  shot(name: string): Promise<void>;
  /** A picture of what went wrong, after a failed test. */
  shotOfFailure(task: {
    readonly name: string;
    readonly result?: { readonly state: string } | undefined;
  }): Promise<void>;
  /** Runs a command by its title in the palette. */
  command(title: string): Promise<void>;
  /** Opens a file of the folder. */
  open(file: string): Promise<void>;
  /** Selects the first occurrence of a text in the active editor. */
  find(text: string): Promise<void>;
  /** Replaces the first occurrence of a text in the active editor, without saving. */
  replace(from: string, to: string): Promise<void>;
  /** Presses a button of a modal dialog. */
  confirm(button: string): Promise<void>;
  /** Opens Sluice's view container. */
  sluice(): Promise<void>;
  /** A row of a tree, by what a screen reader says of it. */
  row(name: string | RegExp): Locator;
  /** Opens a row of a tree. */
  expand(row: Locator): Promise<void>;
  /** Right-click on a row and one entry of its menu. */
  menu(row: Locator, entry: string): Promise<void>;
  /** Changes a setting of the machine. */
  setting(id: string, value: unknown): Promise<void>;
  /** Answers a quick pick. */
  pick(entry: string): Promise<void>;
  stop(): Promise<void>;
}

/** Quiet, and the same on every machine. */
const quiet = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.reduceMotion': 'on',
  'workbench.colorTheme': 'Default Dark Modern',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'git.enabled': false,
  'files.autoSave': 'off',
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'window.commandCenter': false,
  'editor.minimap.enabled': false,
};

export async function startEditor(options: StartOptions): Promise<Editor> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  const { server, port } = await startServer(home, options);
  const url = `http://127.0.0.1:${port}/?folder=${encodeURI(options.folder)}`;
  let browser: BrowserContext | undefined;
  try {
    browser = await chromium.launchPersistentContext(join(home, 'browser'), {
      executablePath: installed().chromium,
      headless: true,
      viewport: { width: 1400, height: 900 },
      args: '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
        ' ',
      ),
    });
    const page = browser.pages()[0] ?? (await browser.newPage());
    page.setDefaultTimeout(60_000);
    await page.goto(url, { waitUntil: 'commit' });
    await page.locator('.activitybar').waitFor({ timeout: 120_000 });
    return editorOf(page, url, home, async () => {
      await browser?.close();
      await stopServer(server);
      rmSync(home, { recursive: true, force: true });
    });
  } catch (error) {
    await browser?.close();
    await stopServer(server);
    throw error;
  }
}

export async function startServer(
  home: string,
  options: StartOptions,
): Promise<{ server: ChildProcess; port: number }> {
  const { node, server: main } = installed();
  const folders = ['ud', 'sd', 'ext'].map((folder) => join(home, folder)) as [string, string, string];
  mkdirSync(join(folders[0], 'User'), { recursive: true });
  writeFileSync(join(folders[0], 'User/settings.json'), JSON.stringify({ ...quiet, ...options.settings }));
  const where = ['--user-data-dir', folders[0], '--server-data-dir', folders[1], '--extensions-dir', folders[2]];
  const env = { ...process.env, HOME: home, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...options.env };
  const vsix = join(root, `${name}-${version}.vsix`);
  // It complains of a logger that was not built; what it says matters only when it fails, and then the error holds it.
  execFileSync(node, [main, ...where, '--install-extension', vsix, '--accept-server-license-terms'], {
    env,
    stdio: 'pipe',
  });
  const port = await freePort();
  const trust = options.trust === 'ask' ? [] : ['--disable-workspace-trust'];
  const flags = [
    ...['--host', '127.0.0.1', '--port', `${port}`, '--without-connection-token', '--accept-server-license-terms'],
    ...['--telemetry-level', 'off', '--disable-experiments', '--reconnection-grace-time', '2', ...trust],
  ];
  const server = spawn(node, [main, ...flags, ...where], { env, detached: true, stdio: 'ignore' });
  for (let tries = 0; tries < 600; tries++) {
    if (server.exitCode !== null) throw new Error(`the editor's server ended with ${server.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}/version`).catch(() => undefined);
    if (answer?.ok) return { server, port };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stopServer(server);
  throw new Error("the editor's server did not answer within two minutes");
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()));
    });
  });
}

/** The server and what it started, by its process group. */
export async function stopServer(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    process.kill(-server.pid, 'SIGTERM');
  } catch {
    return;
  }
  const late = setTimeout(() => process.kill(-server.pid!, 'SIGKILL'), 5000);
  await ended;
  clearTimeout(late);
}

function editorOf(page: Page, url: string, home: string, end: () => Promise<void>): Editor {
  const settings = join(home, 'ud/Machine/settings.json');
  const input = page.locator('.quick-input-widget input.input').first();
  const rows = page.locator('.quick-input-list .monaco-list-row');
  const choose = async (text: string): Promise<void> => {
    const row = rows.filter({ hasText: text }).first();
    await row.waitFor();
    await row.click();
  };
  const quickOpen = async (text: string): Promise<void> => {
    for (let tries = 1; ; tries++) {
      await page.keyboard.press('F1');
      try {
        await input.waitFor({ timeout: 5000 });
        return await input.fill(text, { timeout: 5000 });
      } catch (error) {
        // The one before was closing just then.
        if (tries === 4) throw error;
      }
    }
  };
  const find = async (text: string): Promise<void> => {
    const field = page.locator('.editor-group-container.active .find-widget.visible textarea').first();
    await page.keyboard.press('ControlOrMeta+f');
    await field.waitFor();
    await field.fill(text);
    await page
      .locator('.editor-group-container.active .find-widget.visible .matchesCount')
      .getByText(/^1 of/)
      .waitFor();
    await page.keyboard.press('Escape');
  };
  return {
    page,
    url,
    home,
    async shot(name) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
    async shotOfFailure({ name, result }) {
      if (result?.state === 'fail') await this.shot(`failed-${name.replaceAll(/\W+/g, '-').slice(0, 60)}`);
    },
    async command(title) {
      await quickOpen(`>${title}`);
      // One title may be the beginning of another.
      const exact = new RegExp(`^${title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(…| \\(.*)?$`);
      const row = rows.filter({ has: page.locator('.label-name', { hasText: exact }) }).first();
      await row.waitFor();
      await row.click();
    },
    async open(file) {
      await quickOpen(file);
      await choose(file.split('/').at(-1)!);
      await page
        .getByRole('tab', { name: new RegExp(`^${file.split('/').at(-1)!.replaceAll('.', '\\.')}`), selected: true })
        .first()
        .waitFor();
      await page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor();
    },
    find,
    async replace(from, to) {
      await find(from);
      await page.keyboard.insertText(to);
    },
    async confirm(button) {
      await page.locator('.monaco-dialog-box').getByRole('button', { name: button, exact: true }).click();
    },
    async sluice() {
      const tab = page.getByRole('tab', { name: 'Sluice', exact: true });
      await tab.waitFor();
      // A window that is loaded again brings its view back by itself, and a click just then would hide it.
      const header = page.locator('.part.sidebar .composite.title').getByText('Sluice', { exact: true });
      const shown = () =>
        header.waitFor({ timeout: 10_000 }).then(
          () => true,
          () => false,
        );
      if (await header.isVisible()) return;
      for (let tries = 0; tries < 4; tries++) {
        await tab.click();
        if (await shown()) return;
      }
    },
    row: (name) => page.getByRole('treeitem', { name }).first(),
    async expand(row) {
      await row.waitFor();
      if ((await row.getAttribute('aria-expanded')) !== 'true') await row.locator('.monaco-tl-twistie').click();
    },
    async menu(row, entry) {
      await row.click({ button: 'right' });
      const item = page.getByRole('menuitem', { name: entry, exact: true });
      await item.waitFor();
      // A menu takes no click in its first moment, so that the click that opened it does not choose.
      for (let tries = 0; tries < 10 && (await item.isVisible()); tries++) {
        await page.waitForTimeout(150);
        await item.click({ timeout: 1000 }).catch(() => undefined);
      }
    },
    async setting(id, value) {
      mkdirSync(dirname(settings), { recursive: true });
      const old = existsSync(settings) ? JSON.parse(readFileSync(settings, 'utf8')) : {};
      writeFileSync(settings, JSON.stringify({ ...old, [id]: value }));
    },
    async pick(entry) {
      await input.waitFor();
      await choose(entry);
    },
    stop: end,
  };
}
