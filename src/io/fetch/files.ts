/** Fetched files as one entry of the cache. */
import { gunzipSync, gzipSync } from 'node:zlib';

export function packFiles(files: ReadonlyMap<string, Uint8Array>): Buffer {
  return gzipSync(JSON.stringify([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')])));
}

export function unpackFiles(packed: Buffer): ReadonlyMap<string, Uint8Array> {
  const entries = JSON.parse(gunzipSync(packed).toString('utf8')) as [string, string][];
  return new Map(entries.map(([path, content]) => [path, new Uint8Array(Buffer.from(content, 'base64'))]));
}
