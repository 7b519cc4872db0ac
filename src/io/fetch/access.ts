/** What the Secrets that a source names let a fetch use. No value of them gets into a message. */
import { flux, getPath, type Mapping, text } from '../../engine/index.ts';
import { FetchError, type ProxyServer, type TlsOptions } from './http.ts';
import type { Credentials } from './oci.ts';

/** A Secret's entries, decoded; undefined when it is not at hand. */
export type SecretOf = (namespace: string, name: string) => Promise<Readonly<Record<string, string>> | undefined>;

export interface Access {
  readonly credentials?: Credentials;
  /** The entries of the Secret that `secretRef` names. */
  readonly secret: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
  readonly proxy?: ProxyServer;
}

/** What the Secrets that a source names give: a user and password, a docker configuration, certificates, a proxy. */
export async function accessOf(source: Mapping, namespace: string, secretOf: SecretOf): Promise<Access> {
  const entries = async (field: string) => {
    const name = text(getPath(source, ['spec', field, 'name']));
    if (name === undefined) return undefined;
    const found = await secretOf(namespace, name);
    if (found !== undefined) return found;
    const remedy = 'declare it in the fleet in the clear, or map the source to a folder';
    throw new FetchError(`Secret ${namespace}/${name} is not at hand; ${remedy}`, field);
  };
  const secret = (await entries('secretRef')) ?? {};
  const certificates = await entries('certSecretRef');
  const proxy = await entries('proxySecretRef');
  const credentials = credentialsOf(secret, text(getPath(source, ['spec', 'url'])) ?? '');
  const tls = tlsOf(certificates ?? secret);
  return {
    secret,
    ...(credentials && { credentials }),
    ...(tls && { tls }),
    ...(proxy && { proxy: proxyOf(proxy) }),
  };
}

/** Certificates by the names that Secrets of type kubernetes.io/tls have, else by Flux's older ones. */
function tlsOf(secret: Readonly<Record<string, string>>): TlsOptions | undefined {
  const ca = secret['ca.crt'] || secret.caFile;
  const cert = secret['tls.crt'] || secret.certFile;
  const key = secret['tls.key'] || secret.keyFile;
  if (!ca && !cert && !key) return undefined;
  if (!cert !== !key) throw new FetchError('its Secret needs tls.crt and tls.key together', 'secretRef');
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function proxyOf({ address = '', username, password }: Readonly<Record<string, string>>): ProxyServer {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new FetchError(
      'the Secret of its proxy needs an address that begins with http:// or https://',
      'proxySecretRef',
    );
  if (url.username !== '' || url.password !== '')
    throw new FetchError('the Secret of its proxy needs its credentials in username and password', 'proxySecretRef');
  return { address: url.origin, ...(username && { username }), ...(password && { password }) };
}

function credentialsOf(secret: Readonly<Record<string, string>>, url: string): Credentials | undefined {
  const { username, password } = secret;
  if (username !== undefined && password !== undefined) return { username, password };
  const docker = secret['.dockerconfigjson'];
  return docker === undefined ? undefined : dockerCredentials(docker, url);
}

interface DockerAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
}

/** The entry of a docker configuration for the URL's host, or for the longest path of it. */
function dockerCredentials(docker: string, url: string): Credentials | undefined {
  const place = url.replace(/^[a-z]+:\/\//, '');
  const entry = Object.entries(dockerAuths(docker))
    .map(([name, auth]) => ({ name: name.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''), auth }))
    .filter(({ name }) => place === name || place.startsWith(`${name}/`) || isDockerHub(name, place))
    .sort((a, b) => b.name.length - a.name.length)[0]?.auth;
  if (entry?.username !== undefined) return { username: entry.username, password: entry.password ?? '' };
  const [user, ...rest] = Buffer.from(entry?.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return user ? { username: user, password: rest.join(':') } : undefined;
}

function isDockerHub(name: string, place: string): boolean {
  return name === 'index.docker.io' && /^(docker\.io|index\.docker\.io|registry-1\.docker\.io)\//.test(place);
}

function dockerAuths(docker: string): Readonly<Record<string, DockerAuth>> {
  try {
    return (JSON.parse(docker) as { auths?: Record<string, DockerAuth> }).auths ?? {};
  } catch {
    throw new FetchError('the .dockerconfigjson of its Secret is no JSON', 'secretRef');
  }
}

/** Secrets that the fleet itself holds in the clear; others are for a cluster to give. */
export function fleetSecrets(find: (namespace: string, name: string) => Mapping | undefined): SecretOf {
  return async (namespace, name) => {
    const object = find(namespace, name);
    if (object === undefined) return undefined;
    const out: Record<string, string> = {};
    for (const section of ['data', 'stringData']) {
      for (const { key, value } of flux.node(object, section)?.kind === 'mapping'
        ? (flux.node(object, section) as Mapping).entries
        : []) {
        if (value.kind !== 'scalar' || value.text.startsWith('ENC[')) continue;
        out[key.text] = section === 'data' ? Buffer.from(value.text, 'base64').toString('utf8') : value.text;
      }
    }
    return out;
  };
}
