/** What the Secrets that a source names let a fetch use. No value of them gets into a message. */
import { flux, getPath, type Mapping, text } from '../../engine/index.ts';
import { FetchError, type TlsOptions } from './http.ts';
import type { Credentials } from './oci.ts';

/** A Secret's entries, decoded; undefined when it is not at hand. */
export type SecretOf = (namespace: string, name: string) => Promise<Readonly<Record<string, string>> | undefined>;

export interface Access {
  readonly credentials?: Credentials;
  /** The entries of the Secret that `secretRef` names. */
  readonly secret: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
}

/** What the Secrets that a source names give: a user and password, a docker configuration, certificates. */
export async function accessOf(source: Mapping, namespace: string, secretOf: SecretOf): Promise<Access> {
  const named = (field: string) => text(getPath(source, ['spec', field, 'name']));
  const entries = async (name: string | undefined) => {
    if (name === undefined) return {};
    const found = await secretOf(namespace, name);
    if (found === undefined) throw new FetchError(`Secret ${namespace}/${name} is not at hand`);
    return found;
  };
  const secret = await entries(named('secretRef'));
  const certificates = await entries(named('certSecretRef'));
  const credentials = credentialsOf(secret, text(getPath(source, ['spec', 'url'])) ?? '');
  const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = certificates;
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { secret, ...(credentials && { credentials }), ...(Object.keys(tls).length > 0 && { tls }) };
}

function credentialsOf(secret: Readonly<Record<string, string>>, url: string): Credentials | undefined {
  const { username, password } = secret;
  if (username !== undefined && password !== undefined) return { username, password };
  const docker = secret['.dockerconfigjson'];
  if (docker === undefined) return undefined;
  const host = /^[a-z]+:\/\/([^/]+)/.exec(url)?.[1] ?? '';
  try {
    const { auths } = JSON.parse(docker) as {
      auths?: Record<string, { auth?: string; username?: string; password?: string }>;
    };
    const entry = Object.entries(auths ?? {}).find(
      ([name]) => name.replace(/^https?:\/\//, '').split('/')[0] === host,
    )?.[1];
    if (entry?.username !== undefined) return { username: entry.username, password: entry.password ?? '' };
    const [user, ...rest] = Buffer.from(entry?.auth ?? '', 'base64')
      .toString('utf8')
      .split(':');
    return user ? { username: user, password: rest.join(':') } : undefined;
  } catch {
    throw new FetchError('its .dockerconfigjson is no JSON');
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
