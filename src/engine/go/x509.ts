/** X.509 certificates as sprig's genCA and genSignedCert make them, version 3. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bits, children, derInteger, derSequence, type Item, octets, oid, tlv } from './der.ts';
import type { PrivateKey } from './keys.ts';

export interface CertificateRequest {
  readonly commonName: string;
  /** Each 4 or 16 bytes. */
  readonly ips: readonly Uint8Array[];
  readonly dnsNames: readonly string[];
  readonly serial: bigint;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCA: boolean;
  readonly key: PrivateKey;
  /** Who signs: absent for a certificate that signs itself. */
  readonly signer?: { readonly certificate: Uint8Array; readonly key: PrivateKey };
}

function extension(id: string, critical: 'critical' | 'optional', value: Uint8Array): Uint8Array {
  const flag = critical === 'critical' ? [tlv(1, Uint8Array.of(255))] : [];
  return derSequence(oid(id), ...flag, octets(value));
}

function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replace(/[-T:]/g, '').slice(0, 14);
  const year = Number(digits.slice(0, 4));
  const short = year >= 1950 && year < 2050;
  const text = new TextEncoder().encode(`${short ? digits.slice(2) : digits}Z`);
  return tlv(short ? 0x17 : 0x18, text);
}

function nameOf(commonName: string): Uint8Array {
  const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(commonName);
  const text = tlv(printable ? 0x13 : 0x0c, new TextEncoder().encode(commonName));
  return derSequence(...(commonName === '' ? [] : [tlv(0x31, derSequence(oid('2.5.4.3'), text))]));
}

/** The parts of a certificate's inner sequence: serial, algorithm, issuer, validity, subject, key, extensions. */
function inner(certificate: Uint8Array): Item[] | undefined {
  const outer = children(certificate)[0];
  const body = outer === undefined ? undefined : children(outer.content)[0];
  if (body === undefined) return undefined;
  const parts = children(body.content);
  const fields = parts[0]?.tag === 0xa0 ? parts.slice(1) : parts;
  return fields.length < 6 ? undefined : fields;
}

export function isCertificate(der: Uint8Array): boolean {
  return inner(der) !== undefined;
}

function keyIdOf(certificate: Uint8Array): Uint8Array | undefined {
  const extensions = inner(certificate)?.find((item) => item.tag === 0xa3);
  const list = extensions === undefined ? undefined : children(extensions.content)[0];
  for (const each of list === undefined ? [] : children(list.content)) {
    const [id, ...rest] = children(each.content);
    if (id !== undefined && id.content.join('.') === '85.29.14') return children(rest.at(-1)!.content)[0]?.content;
  }
  return undefined;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function extensionsOf(request: CertificateRequest, issuer: Uint8Array, subject: Uint8Array): Uint8Array[] {
  const { key, signer, isCA } = request;
  const keyBits = children(children(key.publicKey!)[0]!.content)[1]!.content.subarray(1);
  const keyId = isCA ? sha256(keyBits).slice(0, 20) : undefined;
  const authority = signer && !sameBytes(issuer, subject) ? keyIdOf(signer.certificate) : undefined;
  const names = [
    ...request.dnsNames.map((name) => tlv(0x82, new TextEncoder().encode(name))),
    ...request.ips.map((ip) => tlv(0x87, ip)),
  ];
  const usage = isCA ? bits(Uint8Array.of(0xa4), 2) : bits(Uint8Array.of(0xa0), 5);
  const whose = request.commonName === '' ? 'critical' : 'optional';
  return [
    extension('2.5.29.15', 'critical', usage),
    extension('2.5.29.37', 'optional', derSequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.19', 'critical', derSequence(...(isCA ? [tlv(1, Uint8Array.of(255))] : []))),
    ...(keyId === undefined ? [] : [extension('2.5.29.14', 'optional', octets(keyId))]),
    ...(authority === undefined ? [] : [extension('2.5.29.35', 'optional', derSequence(tlv(0x80, authority)))]),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', whose, derSequence(...names))]),
  ];
}

/** The certificate's DER, or why Go makes none. */
export function makeCertificate(request: CertificateRequest): Uint8Array | string {
  const by = request.signer;
  const { signer } = by?.key ?? request.key;
  const { publicKey } = request.key;
  if (signer === undefined) return 'x509: certificate private key does not implement crypto.Signer';
  if (publicKey === undefined) return 'x509: unsupported public key type: *dsa.PublicKey';
  const theirs = by && inner(by.certificate);
  if (theirs !== undefined && !sameBytes(theirs[5]!.whole, by!.key.publicKey!)) {
    return "x509: provided PrivateKey doesn't match parent's PublicKey";
  }
  const subject = nameOf(request.commonName);
  const issuer = theirs === undefined ? subject : theirs[4]!.whole;
  const body = derSequence(
    tlv(0xa0, derInteger(2n)),
    derInteger(request.serial),
    signer.algorithm,
    issuer,
    derSequence(time(request.notBefore), time(request.notAfter)),
    subject,
    publicKey,
    tlv(0xa3, derSequence(...extensionsOf(request, issuer, subject))),
  );
  return derSequence(body, signer.algorithm, bits(signer.sign(body)));
}
