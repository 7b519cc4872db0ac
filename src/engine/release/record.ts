/**
 * Helm's release record: what `helm` and helm-controller know a release by. One Secret holds one revision: the record as
 * JSON, packed with gzip and written as base64. The record holds secrets in the clear, so no part of it is ever shown.
 */
import { gzipSync } from 'fflate';
import { decodeBase64, encodeBase64 } from '../go/base64.ts';
import { gunzip } from '../go/tar.ts';
import type { LiveObject } from '../ports.ts';
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Json } from '../yaml/resolve.ts';

/** Where a release is stored, and its name. */
export interface ReleaseName {
  readonly namespace: string;
  readonly name: string;
}

/** One revision. `json` is the record as stored: what is not known here is written back as it was. */
export interface ReleaseRecord {
  readonly revision: number;
  readonly status: string;
  readonly manifest: string;
  readonly json: JsonObject;
}

/** More than any Secret can hold, unpacked. */
const limit = 64 * 1024 * 1024;

/** undefined for a Secret that holds no record that can be read. */
export function decodeRecord(secret: LiveObject): ReleaseRecord | undefined {
  const text = decoded(stringAt(secret, 'data', 'release'));
  const packed = text === undefined ? undefined : decoded(new TextDecoder().decode(text));
  if (packed === undefined) return undefined;
  const unpacked = packed[0] === 0x1f && packed[1] === 0x8b ? gunzip(packed, limit) : { data: packed };
  if ('error' in unpacked) return undefined;
  try {
    const json = JSON.parse(new TextDecoder().decode(unpacked.data)) as Json;
    return isObject(json) ? recordOf(json) : undefined;
  } catch {
    return undefined;
  }
}

export function recordOf(json: JsonObject): ReleaseRecord {
  return {
    revision: Number(json.version ?? 0),
    status: stringAt(json, 'info', 'status'),
    manifest: typeof json.manifest === 'string' ? json.manifest : '',
    json,
  };
}

/** The value of the Secret's key `release`. */
export function encodeRecord({ json }: ReleaseRecord): string {
  const packed = gzipSync(new TextEncoder().encode(canonical(json)), { level: 9, mtime: 0 });
  return encodeBase64(new TextEncoder().encode(encodeBase64(packed)));
}

/** The record with another state; `more` goes into its info. */
export function withStatus(record: ReleaseRecord, status: string, more: JsonObject = {}): ReleaseRecord {
  const info = isObject(record.json.info) ? record.json.info : {};
  return recordOf({ ...record.json, info: { ...info, status, ...more } });
}

/** Another operation holds the release, or left it so when it died. */
export function isPending({ status }: Pick<ReleaseRecord, 'status'>): boolean {
  return status.startsWith('pending-');
}

function decoded(base64: string): Uint8Array | undefined {
  const bytes = decodeBase64(base64);
  return typeof bytes === 'number' || bytes.length === 0 ? undefined : bytes;
}
