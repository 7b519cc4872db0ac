/**
 * The user's own `git`, asked about one remote. What a fleet names is never an option or a command: only https, http and
 * ssh are spoken, no configuration but ours is read, and credentials are in the environment, never in an argument.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Access } from './access.ts';
import { basic, FetchError, get, type ProxyServer, shown, statusFault } from './http.ts';

export interface Remote {
  readonly url: string;
  /** The repository's folder, which is removed afterwards. */
  readonly work: string;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
}

export interface RemoteRequest {
  readonly url: string;
  readonly work: string;
  readonly signal: AbortSignal;
  readonly access: Access;
}

const timeoutMs = 120_000;
/** Bytes that git may write to its output: a listing of refs. */
const outputLimit = 64 * 1024 * 1024;

/** A remote whose address is found and whose credentials are in place; an empty repository is made for it. */
export async function openRemote(request: RemoteRequest): Promise<Remote> {
  const { work, signal, access } = request;
  const given = checkedUrl(request.url);
  const { url, own } = given.startsWith('ssh:') ? { url: given, own: true } : await locate(given, access, signal);
  const settings = url.startsWith('ssh:') ? await overSsh(work, access) : await overHttp(work, access, own);
  const environment = environmentOf(work, access, settings);
  const remote = { url, work, signal, environment };
  await git(remote, ['init', '--quiet', '.']);
  return remote;
}

/** The URL as git gets it: with a protocol that carries nothing but a repository, and no password in it. */
export function checkedUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['https:', 'http:', 'ssh:'].includes(url.protocol))
    throw new FetchError(`${shown(given)} is no https, http or ssh URL`);
  if (url.hostname.startsWith('-') || url.username.startsWith('-'))
    throw new FetchError(`${shown(given)} is no URL that is given to git`);
  if (url.password !== '')
    throw new FetchError(`the URL ${shown(given)} holds a password; it belongs into the Secret of spec.secretRef`);
  return given;
}

interface Located {
  readonly url: string;
  /** Whether the source's credentials are for this host. */
  readonly own: boolean;
}

/**
 * Follows redirects before git is asked, because git would carry the credentials along: a repository that moved to
 * another host is read without them.
 */
async function locate(given: string, access: Access, signal: AbortSignal): Promise<Located> {
  const service = '/info/refs?service=git-upload-pack';
  const base = given.replace(/\/+$/, '');
  const authorization = headerOf(access);
  const answer = await get({
    url: `${base}${service}`,
    headers: { 'git-protocol': 'version=2' },
    limit: outputLimit,
    signal,
    ...(authorization !== undefined && { authorization }),
    ...(access.tls && { tls: access.tls }),
    ...(access.proxy && { proxy: access.proxy }),
  });
  if (answer.status !== 200) throw statusFault({ url: given, status: answer.status });
  const url = answer.url.endsWith(service) ? answer.url.slice(0, -service.length) : undefined;
  if (url === undefined)
    throw new FetchError(`${shown(given)} redirects to ${shown(answer.url)}, which is no repository`);
  if (url === base) return { url: given, own: true };
  return { url: checkedUrl(url), own: new URL(url).host === new URL(given).host };
}

function headerOf({ secret, credentials }: Access): string | undefined {
  const { bearerToken } = secret;
  const header = bearerToken === undefined ? undefined : `Bearer ${bearerToken}`;
  const authorization = header ?? (credentials && basic(credentials.username, credentials.password));
  if (authorization !== undefined && /[\r\n]/.test(authorization))
    throw new FetchError('its Secret holds a line break in its credentials', 'secretRef');
  return authorization;
}

type Settings = readonly (readonly [string, string])[];

async function overHttp(work: string, access: Access, own: boolean): Promise<Settings> {
  const settings: (readonly [string, string])[] = [];
  const authorization = own ? headerOf(access) : undefined;
  if (authorization !== undefined) settings.push(['http.extraHeader', `Authorization: ${authorization}`]);
  const { ca, cert, key } = access.tls ?? {};
  const files = { sslCAInfo: ca, ...(own && { sslCert: cert, sslKey: key }) };
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    const file = join(work, `${name}.pem`);
    await writeFile(file, content, { mode: 0o600 });
    settings.push([`http.${name}`, file]);
  }
  if (access.proxy !== undefined) settings.push(['http.proxy', proxyUrl(access.proxy)]);
  return settings;
}

function proxyUrl({ address, username, password = '' }: ProxyServer): string {
  const url = new URL(address);
  if (username !== undefined)
    [url.username, url.password] = [encodeURIComponent(username), encodeURIComponent(password)];
  return url.href;
}

async function overSsh(work: string, { secret, proxy }: Access): Promise<Settings> {
  const { identity, known_hosts: hosts, password } = secret;
  if (identity === undefined || hosts === undefined)
    throw new FetchError('over SSH, its Secret needs identity and known_hosts', 'secretRef');
  if (proxy !== undefined) throw new FetchError('a proxy for Git over SSH is not supported', 'proxySecretRef');
  if (/["'\s\\$`]/.test(work))
    throw new FetchError('over SSH, the cache folder must be a path without blanks or quotes');
  await writeFile(join(work, 'identity'), `${identity.trimEnd()}\n`, { mode: 0o600 });
  await writeFile(join(work, 'known_hosts'), hosts, { mode: 0o600 });
  // The passphrase is in the environment; ssh asks a program for it, and this one only repeats it.
  if (password !== undefined)
    await writeFile(join(work, 'passphrase'), '#!/bin/sh\nprintf "%s\\n" "$SLUICE_PASSPHRASE"\n', { mode: 0o700 });
  const options = [
    ['IdentitiesOnly', 'yes'],
    ['IdentityAgent', 'none'],
    ['PreferredAuthentications', 'publickey'],
    ['BatchMode', password === undefined ? 'yes' : 'no'],
    ['NumberOfPasswordPrompts', '1'],
    ['StrictHostKeyChecking', 'yes'],
    ['UserKnownHostsFile', `${work}/known_hosts`],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['ConnectTimeout', '30'],
  ].map(([name, value]) => `-o ${name}=${value}`);
  return [['core.sshCommand', `ssh -F /dev/null -i ${work}/identity ${options.join(' ')}`]];
}

const always: Settings = [
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.http.allow', 'always'],
  ['protocol.ssh.allow', 'always'],
  ['http.followRedirects', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'false'],
  ['transfer.fsckObjects', 'true'],
  ['credential.helper', ''],
  ['gc.auto', '0'],
];

function environmentOf(work: string, { proxy, secret }: Access, own: Settings): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TMPDIR, HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy } = process.env;
  const proxies = proxy === undefined ? { HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy } : {};
  const kept = Object.entries({ PATH, SystemRoot, TMPDIR, ...proxies }).filter(([, value]) => value !== undefined);
  const settings = [...always, ...own];
  const numbered = settings.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  const asking = { SSH_ASKPASS: join(work, 'passphrase'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':' };
  return {
    ...Object.fromEntries([...kept, ...numbered]),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    HOME: work,
    LC_ALL: 'C',
    ...(secret.identity !== undefined && secret.password !== undefined
      ? { SLUICE_PASSPHRASE: secret.password, ...asking }
      : {}),
  };
}

/** Runs git in the work folder; a non-zero exit is one sentence, with git's own words. */
export function git({ work, environment, signal, url }: Remote, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('git', args, {
      cwd: work,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      windowsHide: true,
    });
    const out: Buffer[] = [];
    let size = 0;
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > outputLimit) child.kill();
      else out.push(part);
    });
    child.stderr.on('data', (part: Buffer) => {
      if (said.length < 4096) said += part.toString();
    });
    child.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = signal.aborted ? 'canceled' : error.message;
      fail(new FetchError(missing ? 'git is not installed, and a GitRepository needs it' : why));
    });
    child.on('close', (code) => {
      if (code === 0) return done(Buffer.concat(out).toString('utf8'));
      fail(faultOf(url, said));
    });
  });
}

const remedies: readonly { readonly said: RegExp; readonly remedy: string; readonly field: readonly string[] }[] = [
  {
    said: /Host key verification failed/,
    remedy: 'the known_hosts of its Secret does not hold this key of the server',
    field: ['secretRef'],
  },
  {
    said: /Permission denied|Authentication failed|could not read (Username|Password)/,
    remedy: 'the credentials are missing or refused; check the Secret that spec.secretRef names',
    field: ['secretRef'],
  },
];

function faultOf(url: string, said: string): FetchError {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('Warning:'));
  const first = shown(lines[0] ?? 'git ended without a word');
  const known = remedies.find((each) => each.said.test(said));
  if (known === undefined) return new FetchError(`${shown(url)}: ${first}`);
  return new FetchError(`${shown(url)}: ${first}: ${known.remedy}`, ...known.field);
}
