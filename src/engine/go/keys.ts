/**
 * Private keys of certificates as Go's crypto/x509 and sprig read and write them: RSA, the elliptic curves, Ed25519;
 * X25519, which signs nothing, and DSA, which stands in no certificate.
 */
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { type Curve, curveOf } from './curves.ts';
import {
  bits,
  children,
  decodePem,
  derInteger,
  derSequence,
  encodePem,
  type Item,
  octets,
  oid,
  readInteger,
  readOid,
  tlv,
} from './der.ts';
import { type DsaKey, decodeDsa, encodeDsa } from './dsa.ts';
import { decodeRsa, encodeRsa, type RsaKey, signSha256, toBigInt, toBytes } from './rsa.ts';

export interface PrivateKey {
  /** As sprig prints it. */
  readonly pem: string;
  /** What a certificate says of its owner: algorithm and public key. Absent where none can. */
  readonly publicKey?: Uint8Array;
  /** Absent for keys that do not sign certificates. */
  readonly signer?: Signer;
}

export interface Signer {
  /** The algorithm's identifier. */
  readonly algorithm: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

const algorithms = {
  rsa: '1.2.840.113549.1.1.1',
  ec: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
  x25519: '1.3.101.110',
};

export function rsaPrivateKey(key: RsaKey): PrivateKey {
  const publicKey = derSequence(derInteger(key.n), derInteger(key.e));
  return {
    pem: encodePem('RSA PRIVATE KEY', encodeRsa(key)),
    publicKey: derSequence(derSequence(oid(algorithms.rsa), tlv(5)), bits(publicKey)),
    signer: {
      algorithm: derSequence(oid('1.2.840.113549.1.1.11'), tlv(5)),
      sign: (data) => signSha256(key, data),
    },
  };
}

/** A secret of the curve's size. */
export function curvePrivateKey(curve: Curve, secret: Uint8Array): PrivateKey {
  const point = bits(curve.publicKey(secret));
  const named = oid(curve.oid);
  return {
    pem: encodePem('EC PRIVATE KEY', derSequence(derInteger(1n), octets(secret), tlv(0xa0, named), tlv(0xa1, point))),
    publicKey: derSequence(derSequence(oid(algorithms.ec), named), point),
    signer: { algorithm: derSequence(oid(curve.signature)), sign: (data) => curve.sign(secret, data) },
  };
}

export function ed25519PrivateKey(seed: Uint8Array): PrivateKey {
  const algorithm = derSequence(oid(algorithms.ed25519));
  return {
    pem: pkcs8(algorithm, seed),
    publicKey: derSequence(algorithm, bits(ed25519.getPublicKey(seed))),
    signer: { algorithm, sign: (data) => ed25519.sign(data, seed) },
  };
}

function x25519PrivateKey(secret: Uint8Array): PrivateKey {
  const algorithm = derSequence(oid(algorithms.x25519));
  return { pem: pkcs8(algorithm, secret), publicKey: derSequence(algorithm, bits(x25519.getPublicKey(secret))) };
}

export function dsaPrivateKey(key: DsaKey): PrivateKey {
  return { pem: encodePem('DSA PRIVATE KEY', encodeDsa(key)) };
}

function pkcs8(algorithm: Uint8Array, secret: Uint8Array): string {
  return encodePem('PRIVATE KEY', derSequence(derInteger(0n), algorithm, octets(octets(secret))));
}

/** The key of a PEM text, or why Go takes it for none. */
export function readPrivateKey(pem: string): PrivateKey | string {
  const block = decodePem(pem);
  if (block === undefined) return 'no PEM data in input';
  if (block.type === 'PRIVATE KEY') {
    const key = readPkcs8(block.der);
    return typeof key === 'string' ? `decoding PEM as PKCS#8: ${key}` : key;
  }
  const type = / PRIVATE KEY$/.test(block.type) ? block.type.slice(0, -12) : undefined;
  if (type === undefined) return `no private key data in PEM block of type ${block.type}`;
  const read = readers[type];
  if (read === undefined) return `invalid private key type ${type}`;
  const key = read(block.der);
  return typeof key === 'string' ? `parsing ${type} private key from PEM: ${key}` : key;
}

const readers: Readonly<Record<string, (der: Uint8Array) => PrivateKey | string>> = {
  RSA: readRsa,
  EC: (der) => readCurveKey(der),
  DSA: (der) => {
    const key = decodeDsa(der);
    return key === undefined ? malformed : dsaPrivateKey(key);
  },
};

const malformed = 'x509: malformed private key';

/** Keys that are written in another way than their PEM block says are told apart by their first items. */
function shapeOf(items: readonly Item[]): 'PKCS1' | 'EC' | 'PKCS8' | undefined {
  const tags = items.map(({ tag }) => tag);
  if (tags[0] !== 2) return undefined;
  if (tags[1] === 4) return 'EC';
  if (tags[1] === 0x30 && tags[2] === 4) return 'PKCS8';
  return tags.length >= 6 && tags.slice(0, 6).every((tag) => tag === 2) ? 'PKCS1' : undefined;
}

function itemsOf(der: Uint8Array): Item[] {
  const outer = children(der)[0];
  return outer?.tag === 0x30 ? children(outer.content) : [];
}

function otherShape(items: readonly Item[]): string {
  const shape = shapeOf(items);
  if (shape === undefined) return malformed;
  return `x509: failed to parse private key (use Parse${shape}PrivateKey instead for this key format)`;
}

function readRsa(der: Uint8Array): PrivateKey | string {
  const items = itemsOf(der);
  if (shapeOf(items) !== 'PKCS1') return otherShape(items);
  const key = decodeRsa(der);
  if (key === undefined) return malformed;
  if (key.p * key.q !== key.n) return 'crypto/rsa: p * q != n';
  return rsaPrivateKey(key);
}

/** `named` is the curve that the wrapping of PKCS#8 names; it wins over the key's own. */
function readCurveKey(der: Uint8Array, named?: string): PrivateKey | string {
  const items = itemsOf(der);
  if (shapeOf(items) !== 'EC') return otherShape(items);
  const [version, secret, ...rest] = items;
  if (readInteger(version!) !== 1n) return `x509: unknown EC private key version ${readInteger(version!)}`;
  const own = children(rest.find(({ tag }) => tag === 0xa0)?.content ?? new Uint8Array())[0];
  const curve = curveOf(named ?? (own && readOid(own)) ?? '');
  if (curve === undefined) return 'x509: unknown elliptic curve';
  const value = toBigInt(secret!.content);
  if (value >= 1n << BigInt(8 * curve.size)) return 'x509: invalid private key length';
  if (value === 0n || value >= curve.order) return 'crypto/ecdsa: invalid private key';
  return curvePrivateKey(curve, toBytes(value, curve.size));
}

function readPkcs8(der: Uint8Array): PrivateKey | string {
  const items = itemsOf(der);
  if (shapeOf(items) !== 'PKCS8') return otherShape(items);
  const [id, parameters] = children(items[1]!.content);
  const algorithm = id && readOid(id);
  const inner = items[2]!.content;
  if (algorithm === algorithms.rsa) return embedded('RSA', readRsa(inner));
  if (algorithm === algorithms.ec) return embedded('EC', readCurveKey(inner, parameters && readOid(parameters)));
  if (algorithm !== algorithms.ed25519 && algorithm !== algorithms.x25519) {
    return `x509: PKCS#8 wrapping contained private key with unknown algorithm: ${algorithm ?? ''}`;
  }
  const name = algorithm === algorithms.ed25519 ? 'Ed25519' : 'X25519';
  if (parameters !== undefined) return `x509: invalid ${name} private key parameters`;
  const secret = children(inner)[0];
  if (secret?.tag !== 4) return `x509: invalid ${name} private key: ${malformed}`;
  if (secret.content.length !== 32) return `x509: invalid ${name} private key length: ${secret.content.length}`;
  return name === 'Ed25519' ? ed25519PrivateKey(secret.content) : x25519PrivateKey(secret.content);
}

function embedded(type: string, key: PrivateKey | string): PrivateKey | string {
  return typeof key === 'string' ? `x509: failed to parse ${type} private key embedded in PKCS#8: ${key}` : key;
}
