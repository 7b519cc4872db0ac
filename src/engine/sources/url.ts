/** When two repository addresses mean the same repository: the protocol, the user and `.git` do not matter. */

/**
 * `git@github.com:acme/fleet.git`, `ssh://git@github.com:22/acme/fleet` and `https://github.com/acme/fleet/` all answer
 * `github.com/acme/fleet`; `oci://ghcr.io/acme/fleet` answers `ghcr.io/acme/fleet`. Ports other than the protocol's own
 * are kept, as two servers may share a host.
 */
export function normalizeUrl(url: string): string {
  const trimmed = url.trim();
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/.exec(trimmed);
  const full = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?(\/.*)?$/i.exec(trimmed);
  if (full) {
    const [, scheme, host, port, path] = full;
    const kept = port === undefined || port === defaultPorts[scheme!.toLowerCase()] ? '' : `:${port}`;
    return `${host!.toLowerCase()}${kept}/${cleanPath(path ?? '')}`;
  }
  if (scp && !/^[a-z]:[\\/]/i.test(trimmed)) return `${scp[1]!.toLowerCase()}/${cleanPath(scp[2]!)}`;
  return cleanPath(trimmed, '/');
}

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443', ssh: '22', git: '9418' };

/** Hosting services compare paths without regard to case; a server that does not would have to hold two such twins. */
function cleanPath(path: string, start = ''): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const last = parts.at(-1);
  if (last !== undefined) parts[parts.length - 1] = last.replace(/\.git$/i, '');
  return (start + parts.join('/')).toLowerCase();
}

export function sameRepository(a: string, b: string): boolean {
  return normalizeUrl(a) === normalizeUrl(b);
}
