/**
 * Credentials of a GitHub App: its private key signs a token that lives for two minutes, and the API gives the token of an
 * installation for it. Base URL and paths are those that Flux's controllers use.
 */
import { createPrivateKey, sign } from 'node:crypto';
import type { Access } from './access.ts';
import { FetchError, type FetchRequest, get, shown } from './http.ts';
import type { Credentials } from './oci.ts';

const answerLimit = 4 * 1024 * 1024;
const maxPages = 20;

/** The credentials for Git over https; the token is asked for anew each time and kept nowhere. */
export async function githubCredentials({ secret, tls, proxy }: Access, signal: AbortSignal): Promise<Credentials> {
  const { githubAppID: app, githubAppPrivateKey: key, githubAppInstallationID: installation } = secret;
  const { githubAppInstallationOwner: owner, githubAppBaseURL: base = '' } = secret;
  if (!app || !key) throw fault('its Secret needs githubAppID and githubAppPrivateKey');
  if (!installation === !owner)
    throw fault('its Secret needs either githubAppInstallationID or githubAppInstallationOwner');
  const authorization = `Bearer ${signedToken(app, key)}`;
  const api: Api = {
    base: apiOf(base),
    ask: { authorization, limit: answerLimit, signal, ...(tls && { tls }), ...(proxy && { proxy }) },
  };
  const id = installation || (await installationOf(api, owner!));
  if (!/^\d+$/.test(id)) throw fault('githubAppInstallationID of its Secret is no number');
  const { token } = (await call(api, `app/installations/${id}/access_tokens`, 'POST')) as { token?: string };
  if (typeof token !== 'string') throw fault(`${shown(api.base)} gave no token for the installation`);
  return { username: 'x-access-token', password: token };
}

interface Api {
  /** With a slash at its end. */
  readonly base: string;
  readonly ask: Omit<FetchRequest, 'url'>;
}

/** GitHub's own API, or the one of an Enterprise server, whose paths begin with `/api/v3`. */
function apiOf(given: string): string {
  if (given === '') return 'https://api.github.com/';
  if (!URL.canParse(given)) throw fault('githubAppBaseURL of its Secret is no URL');
  const url = new URL(given);
  const path = url.pathname.replace(/\/*$/, '/');
  const isApi = url.host.startsWith('api.') || url.host.includes('.api.') || path.endsWith('/api/v3/');
  return `${url.origin}${isApi ? path : `${path}api/v3/`}`;
}

function signedToken(app: string, key: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  // Clocks differ, so it was made a little while ago.
  const issued = Math.floor(Date.now() / 1000) - 30;
  const content = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iat: issued, exp: issued + 120, iss: app })}`;
  try {
    return `${content}.${sign('sha256', Buffer.from(content), createPrivateKey(key)).toString('base64url')}`;
  } catch {
    throw fault('githubAppPrivateKey of its Secret is no RSA key in PEM');
  }
}

async function installationOf(api: Api, owner: string): Promise<string> {
  for (let page = 1; page <= maxPages; page++) {
    const found = (await call(api, `app/installations?per_page=100&page=${page}`, 'GET')) as readonly {
      id?: number;
      account?: { login?: string };
    }[];
    if (!Array.isArray(found) || found.length === 0) break;
    const match = found.find(({ account }) => account?.login?.toLowerCase() === owner.toLowerCase());
    if (match !== undefined) return String(match.id);
  }
  throw fault(`the GitHub App has no installation for ${owner}`);
}

async function call({ base, ask }: Api, path: string, method: 'GET' | 'POST'): Promise<unknown> {
  const headers = { accept: 'application/vnd.github+json' };
  const { status, body } = await get({ ...ask, url: `${base}${path}`, method, headers });
  if (status !== 200 && status !== 201) {
    const why = status === 401 || status === 404 ? ': check the App, its installation and its key' : '';
    throw fault(`${shown(base)} answered ${status} to the GitHub App${why}`);
  }
  return JSON.parse(body.toString('utf8'));
}

function fault(message: string): FetchError {
  return new FetchError(message, 'secretRef');
}
