/**
 * A pack of schemas: the file that `scripts/data/pack.ts` writes. The first line is an index in JSON, every further
 * line one definition; a definition is parsed when it is first asked for, so that start-up stays cheap.
 */
import type { Schema } from './schema.ts';

/** One kind that a pack (or a CRD) describes. */
export interface PackKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** The definition's name in the pack. */
  readonly definition: string;
  /** Why the version is deprecated, in the publisher's words. */
  readonly deprecated?: string;
  /** The version to use instead; given for every version but the newest one. */
  readonly successor?: string;
  /** The last release that served it (`Flux 2.6`); absent while the newest release serves it. */
  readonly servedUntil?: string;
}

export interface Pack {
  readonly kinds: readonly PackKind[];
  /** Definition name → offset and length in bytes, counted from the end of the first line. */
  readonly definitions: { readonly [name: string]: readonly [start: number, length: number] };
}

export interface PackReader {
  readonly kinds: readonly PackKind[];
  definition(name: string): Schema | undefined;
}

/** Opens a pack. Throws when the bytes are no pack: then the installation is broken. */
export function readPack(bytes: Uint8Array): PackReader {
  const decoder = new TextDecoder();
  const end = bytes.indexOf(10);
  const pack = JSON.parse(decoder.decode(bytes.subarray(0, end))) as Pack;
  const parsed = new Map<string, Schema>();
  return {
    kinds: pack.kinds,
    definition(name) {
      const known = parsed.get(name);
      if (known !== undefined) return known;
      const place = Object.hasOwn(pack.definitions, name) ? pack.definitions[name] : undefined;
      if (place === undefined) return undefined;
      const start = end + 1 + place[0];
      const schema = JSON.parse(decoder.decode(bytes.subarray(start, start + place[1]))) as Schema;
      parsed.set(name, schema);
      return schema;
    },
  };
}
