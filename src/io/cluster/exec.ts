/**
 * Exec credential plugins (client.authentication.k8s.io): a program of the kubeconfig that prints a token or a client
 * certificate. It runs with the user's rights, so whoever wrote the kubeconfig must be trusted; the caller has asked.
 */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import type { ClusterEntry, ExecEntry, UserEntry } from '../kubeconfig.ts';

export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since the epoch; absent when it does not expire. */
  readonly expires?: number;
}

export interface ExecOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** Runs the plugin once. Rejects with an Error whose message tells what to do; it holds none of the output. */
export async function runExecPlugin(
  user: UserEntry,
  exec: ExecEntry,
  cluster: ClusterEntry,
  options: ExecOptions,
): Promise<ExecCredential> {
  const wrong = misconfigured(exec);
  if (wrong !== undefined) throw new Error(`the exec plugin of user "${user.name}" ${wrong}`);
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}), interactive: false },
  };
  const env = {
    ...options.env,
    ...Object.fromEntries(exec.env.map((one) => [one.name, one.value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  return answerOf(await run(exec, env, options.timeoutMs, dirname(user.file)), exec);
}

function misconfigured(exec: ExecEntry): string | undefined {
  if (exec.command === '') return 'names no command';
  if (!versions.includes(exec.apiVersion))
    return `wants API version "${exec.apiVersion}"; known are ${versions.join(', ')}`;
  if (exec.interactiveMode === 'Always')
    return 'needs a terminal (interactiveMode: Always): log in with it outside first';
  // kubectl refuses the same: v1 made the field required.
  if (exec.interactiveMode === undefined && exec.apiVersion.endsWith('/v1')) return 'has no interactiveMode';
  return undefined;
}

function clusterInfo(cluster: ClusterEntry): object {
  return {
    server: cluster.server,
    ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(cluster.certificateAuthorityData === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(cluster.certificateAuthorityData).toString('base64') }),
    ...(cluster.proxyUrl === undefined ? {} : { 'proxy-url': cluster.proxyUrl }),
    config: cluster.execConfig ?? null,
  };
}

function run(
  exec: ExecEntry,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
  cwd: string,
): Promise<string> {
  return new Promise((done, refuse) => {
    const child = execFile(
      exec.command,
      exec.args,
      { env: env as NodeJS.ProcessEnv, cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20 },
      (error, stdout) => {
        if (error === null) return done(stdout);
        refuse(new Error(`the exec plugin "${exec.command}" ${why(error, exec, timeoutMs)}`));
      },
    );
    // A plugin that asks for input would wait for ever.
    child.stdin?.end();
  });
}

function why(error: Error & { code?: unknown; killed?: boolean }, exec: ExecEntry, timeoutMs: number): string {
  if (error.code === 'ENOENT') return `was not found. ${exec.installHint ?? 'Is it installed and on the PATH?'}`;
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed more than a credential';
  if (error.killed === true) return `gave no answer within ${timeoutMs / 1000} s`;
  // Not its standard error: a plugin may have put a token there.
  return `failed with exit code ${String(error.code)}. Run it in a terminal to see why.`;
}

function answerOf(stdout: string, exec: ExecEntry): ExecCredential {
  const failed = (why: string): never => {
    throw new Error(`the exec plugin "${exec.command}" ${why}`);
  };
  let answer: { apiVersion?: unknown; status?: Record<string, unknown> } = {};
  try {
    answer = JSON.parse(stdout) ?? {};
  } catch {
    failed('printed no JSON');
  }
  if (answer.apiVersion !== exec.apiVersion) {
    failed(`answered with API version ${String(answer.apiVersion).slice(0, 60)} instead of ${exec.apiVersion}`);
  }
  const status = answer.status ?? {};
  const token = text(status.token);
  const certificate = text(status.clientCertificateData);
  const key = text(status.clientKeyData);
  if ((certificate === undefined) !== (key === undefined)) failed('gave a certificate or a key, but not both');
  if (token === undefined && certificate === undefined) failed('gave neither a token nor a certificate');
  const expires = Date.parse(text(status.expirationTimestamp) ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate, key: key! }),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
