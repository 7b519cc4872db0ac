/**
 * Installs what the editor suite drives: a real VS Code (code-server's build of it), the Node it wants, and Chromium.
 * They go into the cache directory, without running any package's scripts, and never become dependencies of the root
 * package. Running it again costs nothing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodePackage = `node-linux-${process.arch}`;
const pins = { [nodePackage]: '24.21.0', 'code-server': '4.139.1' };

export interface Editor {
  /** The Node that runs the editor's server. */
  readonly node: string;
  /** The editor's server, to be run with that Node. */
  readonly server: string;
  readonly chromium: string;
}

const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'editor');
const modules = join(folder, 'node_modules');
const vscode = join(modules, 'code-server', 'lib', 'vscode');

/** Where the editor is, installed first when it is not there yet. Throws with the reason when it cannot be. */
export function editor(): Editor {
  if (process.platform !== 'linux') throw new Error('the editor suite runs on Linux only');
  installEditor();
  return {
    node: join(modules, nodePackage, 'bin', 'node'),
    server: join(vscode, 'out', 'server-main.js'),
    get chromium() {
      return chromium();
    },
  };
}

function installEditor(): void {
  const stamp = join(folder, 'installed.json');
  const wanted = JSON.stringify(pins);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error(`e2e: installing the editor into ${folder} (about a minute, once)`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const wants = Object.entries(pins).map(([name, version]) => `${name}@${version}`);
  npm(folder, ['install', '--ignore-scripts', ...wants]);
  // `npm ci` refuses here: the shrinkwrap that code-server ships lacks an entry.
  npm(vscode, ['install', '--omit=dev', '--ignore-scripts']);
  writeFileSync(stamp, wanted);
}

function npm(cwd: string, args: readonly string[]): void {
  const env = { ...process.env, PATH: `${join(modules, nodePackage, 'bin')}:${process.env.PATH}` };
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, stdio: 'inherit' });
}

function chromium(): string {
  const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const found = places.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'];
  const [command, ...args] = process.getuid?.() === 0 ? install : ['sudo', '-n', ...install];
  try {
    execFileSync(command!, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    throw new Error('Chromium is needed: apt-get install chromium fonts-dejavu-core (or set CHROMIUM to its path)');
  }
  return '/usr/bin/chromium';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(editor(), undefined, 2));
