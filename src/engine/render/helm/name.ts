/** The name of a HelmRelease's release, which its storage and its objects carry. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** `releaseName`, else `targetNamespace-name`, else the name; shortened with a hash as helm-controller does it. */
export function shortenedName(releaseName: string | undefined, target: string | undefined, own: string): string {
  const name = releaseName || (target ? `${target}-${own}` : own);
  if (name.length <= 53) return name;
  return `${name.slice(0, 40)}-${bytesToHex(sha256(utf8ToBytes(name))).slice(0, 12)}`;
}
