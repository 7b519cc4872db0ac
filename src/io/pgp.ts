/**
 * Data keys that are closed with PGP. The OpenPGP implementation is a part of its own, under its own licence
 * (LGPL-3.0-or-later, see NOTICE): it is not bundled, is loaded with the first such key, and may be left out.
 */

/** Opens what the armored private keys can. Keys with a passphrase are of no use here, and said so. */
export async function unlockPgp(
  locked: readonly string[],
  armoredKeys: readonly string[],
  note: (message: string) => void,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const opened = new Map<string, Uint8Array>();
  if (armoredKeys.length === 0) return opened;
  const openpgp = await load();
  if (openpgp === undefined) {
    note('PGP keys need the optional part openpgp (dist/openpgp.js), which is not installed');
    return opened;
  }
  const privateKeys = await openpgp.readPrivateKeys({ armoredKeys: armoredKeys.join('\n') }).catch(() => []);
  if (privateKeys.length === 0) note('a PGP key file holds no key that can be read');
  if (privateKeys.some((key) => key.isDecrypted() === false)) note('a PGP key with a passphrase is not used');
  const decryptionKeys = privateKeys.filter((key) => key.isDecrypted());
  for (const text of locked) {
    try {
      const message = await openpgp.readMessage({ armoredMessage: text });
      const { data } = await openpgp.decrypt({ message, decryptionKeys, format: 'binary' });
      opened.set(text, data as Uint8Array);
    } catch {
      // Made for somebody else, or damaged: it stays locked, and whoever needs it says so.
    }
  }
  return opened;
}

async function load(): Promise<typeof import('openpgp') | undefined> {
  try {
    return await import('openpgp');
  } catch {
    return undefined;
  }
}
