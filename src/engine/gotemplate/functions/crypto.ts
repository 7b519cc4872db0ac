/** Passwords, keys and certificates. All randomness is the caller's, pinned; each costs steps as it costs time. */
import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeBase64, encodeBase64 } from '../../go/base64.ts';
import { bcrypt } from '../../go/bcrypt.ts';
import { curveOf, p256 } from '../../go/curves.ts';
import { decodePem, encodePem } from '../../go/der.ts';
import { dsaKey } from '../../go/dsa.ts';
import { parseIp } from '../../go/ip.ts';
import {
  curvePrivateKey,
  dsaPrivateKey,
  ed25519PrivateKey,
  type PrivateKey,
  readPrivateKey,
  rsaPrivateKey,
} from '../../go/keys.ts';
import { rsaKey, toBigInt, toBytes } from '../../go/rsa.ts';
import { decode, encode } from '../../go/utf8.ts';
import { isCertificate, makeCertificate } from '../../go/x509.ts';
import { printValue } from '../format.ts';
import {
  type CallContext,
  type From,
  GoError,
  type GoFunction,
  type ObjectValue,
  object,
  type StringValue,
  string,
  type Value,
} from '../value.ts';
import { toInt } from './cast.ts';
import { fn, num, text } from './define.ts';
import { drawn } from './random.ts';

const bcryptCost = 10;
const rsaSteps = 1_000_000;

function hashed(password: string, context: CallContext): string {
  const bytes = encode(password);
  if (bytes.length > 72) return 'failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes';
  context.step(rsaSteps / 2);
  return bcrypt(bytes, context.random(16), bcryptCost);
}

/** Which kinds of characters the passwords of each type have. */
const passwordTypes: Record<string, string> = {
  maximum: 'anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno',
  long: 'CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno',
  medium: 'CvcnoCvc CvcCvcno',
  short: 'Cvcn',
  basic: 'aaanaaan aannaaan aaannaaa',
  pin: 'nnnn',
};

const vowels = 'aeiou';
const consonants = 'bcdfghjklmnpqrstvwxyz';
const letters = vowels.toUpperCase() + vowels + consonants.toUpperCase() + consonants;
const characters: Record<string, string> = {
  V: vowels.toUpperCase(),
  C: consonants.toUpperCase(),
  v: vowels,
  c: consonants,
  A: vowels.toUpperCase() + consonants.toUpperCase(),
  a: letters,
  n: '0123456789',
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: `${letters}0123456789!@#$%^&*()`,
};

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** The Master Password algorithm. */
function derivePassword(counter: number, type: string, password: string, user: string, site: string): string {
  const templates = passwordTypes[type]?.split(' ');
  if (templates === undefined) return `cannot find password template ${type}`;
  const name = encode('com.lyndir.masterpassword');
  const sized = (value: string) => [...uint32(encode(value).length), ...encode(value)];
  const key = scrypt(encode(password), Uint8Array.of(...name, ...sized(user)), { N: 32768, r: 8, p: 2, dkLen: 64 });
  const seed = hmac(sha256, key, Uint8Array.of(...name, ...sized(site), ...uint32(counter)));
  const template = templates[seed[0]! % templates.length]!;
  return [...template].map((kind, i) => characters[kind]![seed[i + 1]! % characters[kind]!.length]!).join('');
}

function aesKey(password: string): Uint8Array {
  const key = new Uint8Array(32);
  key.set(encode(password).subarray(0, 32));
  return key;
}

function decryptAes(password: string, coded: string): string {
  const bytes = decodeBase64(coded);
  if (typeof bytes === 'number') throw new GoError(`illegal base64 data at input byte ${bytes}`);
  if (bytes.length < 32 || bytes.length % 16 !== 0) throw new GoError('crypto/cipher: input not full blocks');
  try {
    return decode(cbc(aesKey(password), bytes.subarray(0, 16)).decrypt(bytes.subarray(16)));
  } catch {
    throw new GoError('decryptAES: the password or the text is wrong');
  }
}

/** What a key on a curve costs, in steps. */
const curveSteps = 1000;

function newRsaKey(size: number, context: CallContext): PrivateKey {
  context.step(size > 2048 ? 4 * rsaSteps : rsaSteps);
  return rsaPrivateKey(rsaKey(context.random(32), size));
}

/** One on the curve that sprig takes. */
function newCurveKey(context: CallContext): PrivateKey {
  const curve = curveOf(p256)!;
  const secret = (toBigInt(context.random(40)) % (curve.order - 1n)) + 1n;
  return curvePrivateKey(curve, toBytes(secret, curve.size));
}

function privateKey(type: string, context: CallContext): string {
  switch (type) {
    case '':
    case 'rsa':
      return newRsaKey(4096, context).pem;
    case 'dsa':
      context.step(rsaSteps);
      return dsaPrivateKey(dsaKey(context.random(32))).pem;
    case 'ecdsa':
      context.step(curveSteps);
      return newCurveKey(context).pem;
    case 'ed25519':
      context.step(curveSteps);
      return ed25519PrivateKey(context.random(32)).pem;
    default:
      return `Unknown type ${type}`;
  }
}

function readKey(pem: string, where: string, context: CallContext): PrivateKey {
  context.step(curveSteps);
  const key = readPrivateKey(pem);
  if (typeof key === 'string') throw new GoError(`${where}: ${key}`);
  return key;
}

function certificate(cert: StringValue, key: StringValue): ObjectValue {
  return object('sprig.certificate', [
    ['Cert', cert],
    ['Key', key],
  ]);
}

/** A key, and where its text is said to come from. */
interface HeldKey {
  readonly key: PrivateKey;
  readonly from: From | undefined;
}

const newKey = (context: CallContext): HeldKey => ({ key: newRsaKey(2048, context), from: context.drawn });
const givenKey = (pem: Value | undefined, context: CallContext): HeldKey => ({
  key: readKey(text(pem), 'parsing private key', context),
  from: pem?.from,
});

interface Subject {
  readonly name: string;
  readonly ips?: Value;
  readonly dns?: Value;
  readonly days: number;
  readonly isCA: boolean;
}

/** In milliseconds. Go counts nanoseconds in 64 bits, and what is more than that begins anew. */
function daysAsGo(days: number): number {
  return Number(BigInt.asIntN(64, BigInt(days) * 86_400_000_000_000n) / 1_000_000n);
}

function issue(
  subject: Subject,
  { key, from }: HeldKey,
  context: CallContext,
  signer?: { certificate: Uint8Array; key: PrivateKey },
): ObjectValue {
  const now = Math.floor(context.now() / 1000) * 1000;
  context.step(curveSteps);
  const der = makeCertificate({
    commonName: subject.name,
    ips: texts(subject.ips, (value) => `error parsing ip: ${value} is not a string`).map(ipBytes),
    dnsNames: texts(subject.dns, (value) => `error processing alternate dns name: ${value} is not a string`),
    serial: toBigInt(context.random(16)),
    notBefore: now,
    notAfter: now + daysAsGo(subject.days),
    isCA: subject.isCA,
    key,
    ...(signer === undefined ? {} : { signer }),
  });
  if (typeof der === 'string') throw new GoError(`error creating certificate: ${der}`);
  return certificate(string(encodePem('CERTIFICATE', der)), string(key.pem, from));
}

function texts(value: Value | undefined, wrong: (value: string) => string): string[] {
  if (value?.kind !== 'list') return [];
  return value.items.map((item) => {
    if (item.kind !== 'string') throw new GoError(wrong(printValue(item)));
    return item.text;
  });
}

function ipBytes(ip: string): Uint8Array {
  const bytes = parseIp(ip);
  if (bytes === undefined) throw new GoError(`error parsing ip: ${ip}`);
  return bytes;
}

function signerOf(ca: Value, context: CallContext): { certificate: Uint8Array; key: PrivateKey } {
  const part = (name: string) => {
    const value = ca.kind === 'object' ? ca.fields.get(name) : undefined;
    return value?.kind === 'string' ? value.text : '';
  };
  const block = decodePem(part('Cert'));
  if (block === undefined) throw new GoError('unable to decode certificate');
  if (!isCertificate(block.der))
    throw new GoError('error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate');
  return { certificate: block.der, key: readKey(part('Key'), 'error parsing private key', context) };
}

function custom(certText: Value, keyText: Value, context: CallContext): ObjectValue {
  const certBytes = decodeBase64(text(certText));
  if (typeof certBytes === 'number') throw new GoError('unable to decode base64 certificate');
  const keyBytes = decodeBase64(text(keyText));
  if (typeof keyBytes === 'number') throw new GoError('unable to decode base64 private key');
  const block = decodePem(decode(certBytes));
  if (block === undefined) throw new GoError('unable to decode certificate');
  if (!isCertificate(block.der))
    throw new GoError('error parsing certificate: decodedCert.Bytes: x509: malformed certificate');
  readKey(decode(keyBytes), 'error parsing private key', context);
  return certificate(string(decode(certBytes), certText.from), string(decode(keyBytes), keyText.from));
}

const selfSigned = (args: readonly Value[], key: HeldKey, context: CallContext) => {
  const [name, ips, dns, days] = args;
  return issue({ name: text(name), ips: ips!, dns: dns!, days: num(days), isCA: false }, key, context);
};
const signed = (args: readonly Value[], key: HeldKey, context: CallContext) => {
  const [name, ips, dns, days, ca] = args;
  return issue(
    { name: text(name), ips: ips!, dns: dns!, days: num(days), isCA: false },
    key,
    context,
    signerOf(ca!, context),
  );
};

export const cryptoFunctions: readonly GoFunction[] = [
  fn('bcrypt', 'string', ([password], context) => string(hashed(text(password), context))),
  fn('htpasswd', 'string string', ([user, password], context) => {
    if (text(user).includes(':')) return string(`invalid username: ${text(user)}`);
    return string(`${text(user)}:${hashed(text(password), context)}`);
  }),
  fn('derivePassword', 'any string string string string', ([counter, type, password, user, site], context) => {
    context.step(rsaSteps);
    return string(derivePassword(toInt(counter!), text(type), text(password), text(user), text(site)));
  }),
  fn('encryptAES', 'string string', ([password, plain], context) => {
    if (text(plain) === '') return string('');
    const iv = context.random(16);
    const sealed = cbc(aesKey(text(password)), iv).encrypt(encode(text(plain)));
    return string(encodeBase64(Uint8Array.of(...iv, ...sealed)));
  }),
  fn('decryptAES', 'string string', ([password, coded]) =>
    string(text(coded) === '' ? '' : decryptAes(text(password), text(coded))),
  ),
  fn('genPrivateKey', 'string', ([type], context) => drawn(privateKey(text(type), context), context)),
  fn('buildCustomCert', 'string string', ([cert, key], context) => custom(cert!, key!, context)),
  fn('genCA', 'string int', ([name, days], context) =>
    issue({ name: text(name), days: num(days), isCA: true }, newKey(context), context),
  ),
  fn('genCAWithKey', 'string int string', ([name, days, key], context) =>
    issue({ name: text(name), days: num(days), isCA: true }, givenKey(key, context), context),
  ),
  fn('genSelfSignedCert', 'string list list int', (args, context) => selfSigned(args, newKey(context), context)),
  fn('genSelfSignedCertWithKey', 'string list list int string', (args, context) =>
    selfSigned(args, givenKey(args[4], context), context),
  ),
  fn('genSignedCert', 'string list list int sprig.certificate', (args, context) =>
    signed(args, newKey(context), context),
  ),
  fn('genSignedCertWithKey', 'string list list int sprig.certificate string', (args, context) =>
    signed(args, givenKey(args[5], context), context),
  ),
];
