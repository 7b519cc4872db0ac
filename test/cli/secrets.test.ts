/** What SOPS closed comes out of no command in the clear, whatever goes wrong: a canary in every place, every output searched. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { build } from '../../src/cli/commands/build.ts';
import { check } from '../../src/cli/commands/check.ts';
import { diff } from '../../src/cli/commands/diff.ts';
import { kustomization, sync } from '../engine/render/check.ts';
import { invoke } from './invoke.ts';

const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const skip = !existsSync(join(tools, 'sops')) || !existsSync(join(tools, 'age-keygen'));
const canary = 'canary-7f3a9c';

interface Fleet {
  readonly folder: string;
  readonly keyFile: string;
  write(path: string, text: string): void;
}

/** A fleet with the canary in a Secret, in a variable, and in a generated Secret and ConfigMap, each encrypted. */
function fleet(): Fleet {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
  const keys = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  onTestFinished(() => {
    for (const each of [folder, keys]) rmSync(each, { recursive: true });
  });
  const keyFile = join(keys, 'key.txt');
  execFileSync(join(tools, 'age-keygen'), ['-o', keyFile], { stdio: 'pipe' });
  const recipient = /age1\S+/.exec(readFileSync(keyFile, 'utf8'))![0];
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const seal = (path: string, text: string, ...more: readonly string[]) => {
    write(path, text);
    execFileSync(join(tools, 'sops'), ['encrypt', '--age', recipient, '--in-place', ...more, join(folder, path)]);
  };
  const only = ['--encrypted-regex', '^(data|stringData)$'];
  const secret = (name: string, namespace: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: ${namespace}}\nstringData: {word: ${canary}}\n`;
  write('clusters/one/flux-system/gotk-sync.yaml', sync());
  const spec = 'path: ./apps\ndecryption: {provider: sops}\npostBuild: {substituteFrom: [{kind: Secret, name: vars}]}';
  write('clusters/one/vars.yaml', kustomization('vars', 'path: ./vars\ndecryption: {provider: sops}'));
  write('clusters/one/apps.yaml', kustomization('apps', spec));
  seal('vars/vars.yaml', secret('vars', 'flux-system'), ...only);
  seal('apps/s.yaml', secret('s', 'apps'), ...only);
  seal('apps/x.env', `A=${canary}\n`);
  seal('apps/f.txt', `${canary}\n`);
  write(
    'apps/used.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: used, namespace: apps}\ndata: {k: "${word}"}\n',
  );
  write(
    'apps/kustomization.yaml',
    'resources: [s.yaml, used.yaml]\nsecretGenerator:\n- name: g\n  envs: [x.env]\n  files: [f.txt]\nconfigMapGenerator:\n- name: c\n  files: [f.txt]\n',
  );
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], { cwd: folder });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'the fleet');
  return { folder, keyFile, write };
}

async function everyOutput({ folder, keyFile }: Fleet): Promise<string> {
  const key = [folder, '--age-key-file', keyFile];
  const runs = [
    invoke(build, key),
    invoke(build, [...key, '-o', 'json', '--origins']),
    invoke(diff, key),
    invoke(diff, [...key, '-o', 'json']),
    invoke(diff, [...key, '-o', 'markdown']),
    invoke(check, key),
  ];
  return (await Promise.all(runs)).map(({ out, err }) => out + err).join('\n');
}

/** The canary as it is, and as a Secret's data would hold it. */
function expectNoCanary(text: string): void {
  for (const form of [canary, btoa(canary), btoa(`${canary}\n`), btoa(canary).replace(/=+$/, '')])
    expect(text).not.toContain(form);
  expect(text).not.toContain('AGE-SECRET-KEY');
}

test.skipIf(skip)(
  'in the clear nowhere: not in what is built, compared or checked, and not on the disk',
  { timeout: 60_000 },
  async () => {
    const made = fleet();
    const text = await everyOutput(made);
    expect(text).toContain("word: '***'");
    expect(text).toContain("k: '***'");
    expectNoCanary(text);
    made.write(
      'apps/used.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: used, namespace: apps}\ndata: {k: "${word} ${none}"}\n',
    );
    expectNoCanary(await everyOutput(made));
    for (const name of readdirSync(made.folder, { recursive: true, encoding: 'utf8' })) {
      const file = join(made.folder, name);
      if (statSync(file).isFile()) expectNoCanary(readFileSync(file, 'latin1'));
    }
  },
);

test.skipIf(skip)(
  'a change by hand is an error at the checksum, and a value in the clear is one at the value',
  async () => {
    const made = fleet();
    const file = join(made.folder, 'apps/s.yaml');
    const sealed = readFileSync(file, 'utf8');
    made.write('apps/s.yaml', sealed.replace(/name: s$/m, 'name: other'));
    const changed = await invoke(check, [made.folder, '--age-key-file', made.keyFile]);
    expect(changed.out).toMatch(/apps\/s\.yaml:\d+:\d+: error: .*checksum.*\[sops-mac\]/);
    made.write('apps/s.yaml', sealed.replace(/word: ENC.*/, 'word: plain'));
    const plain = await invoke(check, [made.folder]);
    expect(plain.out).toMatch(
      /apps\/s\.yaml:\d+:\d+: error: by its sops block this value is encrypted.*\[sops-decrypt\]/,
    );
  },
);
