/**
 * Objects that SOPS closed and nobody here can open. Flux opens them in the cluster, so their encrypted values cannot be
 * compared: they are taken as the live ones, and everything else (keys, labels, plain fields) is compared as it is.
 * Such an object is never sent from here: its ciphertext would land in the cluster.
 */
import type { LiveObject } from '../ports.ts';
import { at, isObject } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';

export function isEncrypted(object: Json): boolean {
  return at(object, 'sops', 'mac') !== undefined || holdsEncryptedFile(object);
}

/** A Secret that was generated from a file which nobody here can open. */
function holdsEncryptedFile(object: Json): boolean {
  const data = at(object, 'kind') === 'Secret' ? at(object, 'data') : undefined;
  return isObject(data) && Object.values(data).some((value) => typeof value === 'string' && isEncryptedFile(value));
}

/** The marks of SOPS in base64: Flux itself goes by `mac: ENC[` in what a value holds. */
function isEncryptedFile(base64: string): boolean {
  if (base64.startsWith(encodedStart)) return true;
  try {
    return /mac"?[:=] ?"?ENC\[AES256_GCM,|^\[sops\]$/m.test(atob(base64));
  } catch {
    return false;
  }
}

/** The object without what SOPS adds to it, each encrypted value replaced by the live one where there is one. */
export function withLiveValues(object: LiveObject, live: LiveObject | undefined): LiveObject {
  const { sops: _sops, ...rest } = object;
  return fill(withoutMarks(rest), live) as LiveObject;
}

/** Without the lines by which SOPS marks a dotenv file, which a generator takes for keys of the Secret. */
function withoutMarks(object: LiveObject): LiveObject {
  const { data } = object;
  if (!isObject(data)) return object;
  return { ...object, data: Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('sops_'))) };
}

function fill(value: Json, live: Json | undefined): Json {
  if (Array.isArray(value))
    return value.map((item, index) => fill(item, Array.isArray(live) ? live[index] : undefined));
  if (isObject(value)) {
    const out: Record<string, Json> = Object.create(null);
    for (const [key, item] of Object.entries(value)) out[key] = fill(item, isObject(live) ? live[key] : undefined);
    return out;
  }
  return typeof value === 'string' && isCiphertext(value) && live !== undefined ? live : value;
}

const start = 'ENC[AES256_GCM,';
/** `start` in base64, as far as it does not depend on what follows: how a Secret's stringData arrives in its data. */
const encodedStart = btoa(start).slice(0, 20);

function isCiphertext(text: string): boolean {
  return text.startsWith(start) || isEncryptedFile(text);
}
