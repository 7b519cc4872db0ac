/**
 * Keys that open what SOPS closed: those that the user points to, and those of the Secret that a Kustomization names. A
 * render asks for data keys and goes on without; `fetchMissing` opens them; the next render finds them. Keys are held in
 * memory only, and no message holds a part of one.
 */
import { readFileSync, statSync } from 'node:fs';
import { isPgp, type KeyQuery, unlockAge } from '../engine/index.ts';
import type { SecretOf } from './fetch/access.ts';
import { unlockPgp } from './pgp.ts';

/** Private keys as texts: age identities, and armored PGP keys. */
export interface UserKeys {
  readonly age: readonly string[];
  readonly pgp: readonly string[];
  /** What a person should know about them: a file that cannot be read, or that everybody can. */
  readonly warnings: readonly string[];
}

export interface KeyFiles {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Key files that the user names; each holds age identities or an armored PGP key. */
  readonly files: readonly string[];
}

/** The keys of SOPS_AGE_KEY, SOPS_AGE_KEY_FILE and the named files. A file is read when this is called, never before. */
export function readUserKeys({ env, files }: KeyFiles): UserKeys {
  const warnings: string[] = [];
  const named = [...files, ...(env.SOPS_AGE_KEY_FILE ? [env.SOPS_AGE_KEY_FILE] : [])];
  const texts = named.map((file) => {
    try {
      if (process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0)
        warnings.push(`everybody on this machine can read the key file ${file}: chmod 600 it`);
      return readFileSync(file, 'utf8');
    } catch (fault) {
      warnings.push(`the key file ${file} cannot be read (${(fault as NodeJS.ErrnoException).code ?? 'no file'})`);
      return '';
    }
  });
  const all = [env.SOPS_AGE_KEY ?? '', ...texts];
  return { age: all.flatMap(identitiesIn), pgp: all.filter((text) => text.includes(pgpHeader)), warnings };
}

const pgpHeader = '-----BEGIN PGP PRIVATE KEY BLOCK-----';

/** The identities of an age key file: a line each, comments aside. */
function identitiesIn(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => /^AGE-SECRET-KEY-/i.test(line));
}

export interface Keyring {
  /** For the renderer: a data key that is open; one that is asked for the first time is noted as missing. */
  key(query: KeyQuery): Uint8Array | undefined;
  /** Opens what was asked for; true when anything could be, so that another render shows more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** What stopped an optional part, once each. */
  notes(): readonly string[];
}

export interface KeyringOptions {
  readonly user: Pick<UserKeys, 'age' | 'pgp'>;
  /** The Secret of `spec.decryption.secretRef`: of the workspace, or of the chosen cluster. */
  readonly secret?: SecretOf;
}

export function createKeyring({ user, secret }: KeyringOptions): Keyring {
  const opened = new Map<string, Uint8Array>();
  const asked = new Set<string>();
  const notes = new Set<string>();
  let missing: KeyQuery[] = [];

  async function open({ locked, secret: named }: KeyQuery): Promise<boolean> {
    const found = named && (await secret?.(named.namespace, named.name));
    const entries = Object.entries(found ?? {});
    const ending = (suffix: string) => entries.flatMap(([name, value]) => (name.endsWith(suffix) ? [value] : []));
    const pgp = isPgp(locked);
    const keys = pgp
      ? await unlockPgp([locked], [...ending('.asc'), ...user.pgp], (note) => notes.add(note))
      : await unlockAge([locked], [...ending('.agekey').flatMap(identitiesIn), ...user.age]);
    const key = keys.get(locked);
    if (key !== undefined) opened.set(locked, key);
    return key !== undefined;
  }

  return {
    key(query) {
      const known = opened.get(query.locked);
      const label = JSON.stringify(query);
      if (known === undefined && !asked.has(label)) missing.push(query);
      asked.add(label);
      return known;
    },
    async fetchMissing(signal) {
      const wanted = missing;
      missing = [];
      const found = await Promise.all(wanted.map((query) => (signal.aborted ? false : open(query))));
      return found.includes(true);
    },
    notes: () => [...notes],
  };
}
