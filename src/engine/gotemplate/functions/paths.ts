/** Paths and URLs, by Go's path, filepath (on Linux) and net/url. */
import { encode } from '../../go/utf8.ts';
import { bool, GoError, type GoFunction, kindOf, type MapValue, map, string, type Value } from '../value.ts';
import { alias, fn, text } from './define.ts';

export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!rooted) out.push('..');
  }
  const joined = (rooted ? '/' : '') + out.join('/');
  return joined === '' ? '.' : joined;
}

function base(path: string): string {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

function ext(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}

const paths: readonly GoFunction[] = [
  fn('base', 'string', ([path]) => string(base(text(path)))),
  fn('dir', 'string', ([path]) => string(cleanPath(text(path).slice(0, text(path).lastIndexOf('/') + 1)))),
  fn('clean', 'string', ([path]) => string(cleanPath(text(path)))),
  fn('ext', 'string', ([path]) => string(ext(text(path)))),
  fn('isAbs', 'string', ([path]) => bool(text(path).startsWith('/'))),
];

interface Url {
  scheme: string;
  opaque: string;
  userinfo: string;
  host: string;
  path: string;
  query: string;
  fragment: string;
}

function unescapePart(part: string, where: string): string {
  const bad = /%(?![0-9a-fA-F]{2})(.{0,2})/.exec(part);
  if (bad !== null) throw new GoError(`invalid URL escape ${JSON.stringify(bad[0])}`);
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GoError(`invalid URL escape in ${where}`);
  }
}

function parseUrl(raw: string): Url {
  if (/[\x00-\x1f\x7f]/.test(raw)) throw new GoError('net/url: invalid control character in URL');
  const [beforeFragment, fragment = ''] = cut(raw, '#');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(beforeFragment);
  if (scheme === null && beforeFragment.startsWith(':')) throw new GoError('missing protocol scheme');
  let rest = scheme === null ? beforeFragment : beforeFragment.slice(scheme[0].length);
  const url: Url = {
    scheme: scheme?.[1]?.toLowerCase() ?? '',
    opaque: '',
    userinfo: '',
    host: '',
    path: '',
    query: '',
    fragment: unescapePart(fragment, 'fragment'),
  };
  const [hierarchy, query = ''] = cut(rest, '?');
  rest = hierarchy;
  url.query = query;
  if (!rest.startsWith('/') && url.scheme !== '') return { ...url, opaque: rest };
  if (scheme === null && !rest.startsWith('/') && /^[^/]*:/.test(rest))
    throw new GoError('first path segment in URL cannot contain colon');
  if (rest.startsWith('//') && !(scheme === null && rest.startsWith('///'))) {
    const end = rest.indexOf('/', 2);
    const authority = end < 0 ? rest.slice(2) : rest.slice(2, end);
    rest = end < 0 ? '' : rest.slice(end);
    const at = authority.lastIndexOf('@');
    if (at >= 0) url.userinfo = authority.slice(0, at);
    url.host = unescapeHost(authority.slice(at + 1));
  }
  url.path = unescapePart(rest, 'path');
  return url;
}

function unescapeHost(host: string): string {
  const port = host.startsWith('[') ? /\]([^\]]*)$/.exec(host)?.[1] : /:[^:]*$/.exec(host)?.[0];
  if (port !== undefined && !/^(:\d*)?$/.test(port))
    throw new GoError(`invalid port ${JSON.stringify(port)} after host`);
  if (/[ "<>]/.test(host))
    throw new GoError(`invalid character ${JSON.stringify(/[ "<>]/.exec(host)![0])} in host name`);
  return host.includes('%') ? unescapePart(host, 'host') : host;
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']') < 0 ? host.length : host.indexOf(']'));
  return host.replace(/:\d*$/, '');
}

function urlParse(raw: string): Value {
  let url: Url;
  try {
    url = parseUrl(raw);
  } catch (e) {
    if (!(e instanceof GoError)) throw e;
    throw new GoError(`unable to parse url: parse ${JSON.stringify(raw)}: ${e.message}`);
  }
  const { scheme, host, path, query, opaque, fragment, userinfo } = url;
  const parts = { scheme, host, hostname: hostname(host), path, query, opaque, fragment, userinfo };
  return map(Object.entries(parts).map(([key, value]) => [key, string(value)] as const));
}

/** Go escapes a path by what it may hold: letters, digits and `$&+,/:;=@-_.~` and `!*'()` stay. */
function escapePath(path: string, keep: RegExp): string {
  let out = '';
  for (const byte of encode(path)) {
    const char = String.fromCharCode(byte);
    out += keep.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function urlJoin(parts: MapValue): string {
  const get = (key: string): string => {
    const value = parts.entries.get(key);
    if (value === undefined) return '';
    if (value.kind !== 'string')
      throw new GoError(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
    return value.text;
  };
  const [scheme, host, path, query, opaque, fragment, userinfo] = [
    'scheme',
    'host',
    'path',
    'query',
    'opaque',
    'fragment',
    'userinfo',
  ].map(get) as [string, string, string, string, string, string, string];
  let out = scheme === '' ? '' : `${scheme}:`;
  if (opaque !== '') out += opaque;
  else {
    if (scheme !== '' || host !== '' || userinfo !== '') {
      if (host !== '' || path !== '' || userinfo !== '') out += '//';
      if (userinfo !== '') out += `${userinfo}@`;
      out += host;
    }
    const escaped = escapePath(path, /[A-Za-z0-9$&+,/:;=@\-_.~]/);
    if (escaped !== '' && !escaped.startsWith('/') && host !== '') out += '/';
    if (out === '' && /^[^/]*:/.test(escaped)) out += './';
    out += escaped;
  }
  if (query !== '') out += `?${query}`;
  if (fragment !== '') out += `#${escapePath(fragment, /[A-Za-z0-9$&+,/:;=?@\-_.~!()*]/)}`;
  return out;
}

export const pathFunctions: readonly GoFunction[] = [
  ...paths,
  ...paths.map((each) => alias(`os${each.name[0]!.toUpperCase()}${each.name.slice(1)}`, each)),
  fn('urlParse', 'string', ([raw]) => urlParse(text(raw))),
  fn('urlJoin', 'map', ([parts]) => string(urlJoin(parts as MapValue))),
];
