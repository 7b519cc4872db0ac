/** Which proxy a request goes through: the cluster's own `proxy-url`, else the environment by Go's rules. */
import { BlockList, isIP } from 'node:net';

/** The proxy's URL, or undefined for a direct connection. */
export function proxyFor(
  server: URL,
  own: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (own !== undefined) return own;
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const proxy = names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  if (proxy === undefined || bypassed(server, env.NO_PROXY || env.no_proxy || '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function bypassed(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  // Go never sends loopback traffic to a proxy.
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const [, name, only] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
  if (isIP(entry) !== 0) return entry === host;
  if (only !== undefined && only !== port) return false;
  if (isIP(name!) !== 0) return name === host;
  const domain = name!.replace(/^\*/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function inNetwork(cidr: string, host: string): boolean {
  const version = isIP(host);
  const [net, bits] = cidr.split('/');
  if (version === 0 || isIP(net!) !== version) return false;
  const size = Number(bits);
  if (!Number.isInteger(size) || size < 0 || size > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(net!, size, family);
  return list.check(host, family);
}
