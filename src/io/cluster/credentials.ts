/**
 * Who we are to the API server. What costs something (a plugin, a token refresh) runs once however many requests wait
 * for it, is kept until it expires, and is asked again after a 401, once for all requests that got one.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import type { ClusterEntry, UserEntry } from '../kubeconfig.ts';
import { runExecPlugin } from './exec.ts';

/** What a request carries. The same object means the same connection. */
export interface Identity {
  /** The Authorization header. */
  readonly authorization?: string;
  /** A client certificate and its key, PEM. */
  readonly certificate?: string;
  readonly key?: string;
}

/** What a kubeconfig wants to do with the user's rights; shown to the user before it is done. */
export interface CredentialRequest {
  readonly kind: 'command' | 'file';
  /** The whole command line, or the file's path. */
  readonly what: string;
  readonly user: string;
  readonly kubeconfig: string;
}

export interface CredentialOptions {
  /** Whether the workspace is trusted: without it, no program runs. */
  readonly trusted: boolean;
  /** The open folders. A kubeconfig inside one was perhaps written by somebody else. */
  readonly workspaces: readonly string[];
  /** Asked before a kubeconfig of the workspace runs a program or reads a file outside of it; absent: refused. */
  readonly approve?: (request: CredentialRequest) => Promise<boolean>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execTimeoutMs: number;
  now(): number;
}

export interface Credentials {
  /** The identity to use now. Rejects with an Error that says what is missing. */
  current(): Promise<Identity>;
  /** A new identity after the server refused `used` (401); the same one when there is nothing to refresh. */
  renewed(used: Identity): Promise<Identity>;
}

/** A credential that expires this soon is asked for anew: it would be refused on arrival. */
const skewMs = 10_000;
/** How long a token file's content is trusted, as client-go does: the kubelet rewrites projected tokens. */
const fileMs = 60_000;

interface Held {
  readonly identity: Identity;
  readonly until: number;
}

export function credentialsOf(user: UserEntry, cluster: ClusterEntry, options: CredentialOptions): Credentials {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;

  async function ask(): Promise<Identity> {
    asking ??= obtain(user, cluster, options).finally(() => {
      asking = undefined;
    });
    held = await asking;
    return held.identity;
  }
  return {
    async current() {
      if (held !== undefined && options.now() < held.until) return held.identity;
      return ask();
    },
    async renewed(used) {
      if (held !== undefined && held.identity !== used) return held.identity;
      if (user.exec === undefined && user.tokenFile === undefined && user.authProvider === undefined) return used;
      held = undefined;
      return ask();
    },
  };
}

async function obtain(user: UserEntry, cluster: ClusterEntry, options: CredentialOptions): Promise<Held> {
  const certificate = await certificateOf(user, options);
  const basic = user.username === undefined ? undefined : base(`${user.username}:${user.password ?? ''}`);
  if (user.tokenFile !== undefined) {
    const token = (await readPermitted(user.tokenFile, user, options)).trim();
    return { identity: { ...certificate, authorization: `Bearer ${token}` }, until: options.now() + fileMs };
  }
  if (user.token !== undefined) return lasting({ ...certificate, authorization: `Bearer ${user.token}` });
  if (basic !== undefined) return lasting({ ...certificate, authorization: `Basic ${basic}` });
  if (user.exec !== undefined) return fromExec(user, cluster, certificate, options);
  if (user.authProvider !== undefined) return fromProvider(user, certificate, options);
  return lasting(certificate);
}

function lasting(identity: Identity): Held {
  return { identity, until: Number.POSITIVE_INFINITY };
}

async function certificateOf(user: UserEntry, options: CredentialOptions): Promise<Identity> {
  const read = (path: string | undefined) => (path === undefined ? undefined : readPermitted(path, user, options));
  const certificate = user.clientCertificateData ?? (await read(user.clientCertificate));
  const key = user.clientKeyData ?? (await read(user.clientKey));
  return certificate === undefined || key === undefined ? {} : { certificate, key };
}

async function fromExec(
  user: UserEntry,
  cluster: ClusterEntry,
  certificate: Identity,
  options: CredentialOptions,
): Promise<Held> {
  const exec = user.exec!;
  await permit({ kind: 'command', what: [exec.command, ...exec.args].join(' ') }, user, options);
  const got = await runExecPlugin(user, exec, cluster, { env: options.env, timeoutMs: options.execTimeoutMs });
  const identity = {
    ...certificate,
    ...(got.token === undefined ? {} : { authorization: `Bearer ${got.token}` }),
    ...(got.certificate === undefined ? {} : { certificate: got.certificate, key: got.key! }),
  };
  return { identity, until: (got.expires ?? Number.POSITIVE_INFINITY) - skewMs };
}

/** Legacy `auth-provider` entries (OIDC above all) go through the official client; its refreshed tokens stay in memory. */
async function fromProvider(user: UserEntry, certificate: Identity, options: CredentialOptions): Promise<Held> {
  const provider = user.authProvider!;
  // The gcp provider runs the command of its config.
  await permit({ kind: 'command', what: `auth-provider ${provider.name}` }, user, options);
  const { providerToken } = await import('./provider.ts');
  const authorization = await providerToken(user.name, provider);
  return { identity: { ...certificate, authorization }, until: options.now() + fileMs };
}

async function readPermitted(path: string, user: UserEntry, options: CredentialOptions): Promise<string> {
  if (!options.workspaces.some((folder) => inside(folder, path))) {
    await permit({ kind: 'file', what: path }, user, options);
  }
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new Error(`the file ${path} of user "${user.name}" cannot be read (${code})`);
  }
}

/** Rejects when the kubeconfig may not do this. A file of the user's own kubeconfig needs no asking, a program trust. */
async function permit(
  request: Pick<CredentialRequest, 'kind' | 'what'>,
  user: UserEntry,
  options: CredentialOptions,
): Promise<void> {
  const foreign = options.workspaces.some((folder) => inside(folder, user.file));
  if (!options.trusted && (request.kind === 'command' || foreign)) {
    throw new Error(`user "${user.name}" needs ${describe(request)}, and this workspace is not trusted`);
  }
  if (!foreign) return;
  if ((await options.approve?.({ ...request, user: user.name, kubeconfig: user.file })) === true) return;
  throw new Error(
    `user "${user.name}" needs ${describe(request)}; the kubeconfig ${user.file} came with the workspace, so that was refused`,
  );
}

function describe(request: Pick<CredentialRequest, 'kind' | 'what'>): string {
  return request.kind === 'command' ? `to run "${request.what}"` : `the file ${request.what}`;
}

function inside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function base(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
