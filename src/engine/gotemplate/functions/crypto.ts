/** Passwords, keys and certificates. All randomness is the caller's, pinned; each costs steps as it costs time. */
import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeBase64, encodeBase64 } from '../../go/base64.ts';
import { bcrypt } from '../../go/bcrypt.ts';
import { bits, decodePem, derInteger, derSequence, encodePem, octets, oid, tlv } from '../../go/der.ts';
import { p256PublicKey } from '../../go/p256.ts';
import { decodeRsa, encodeRsa, type RsaKey, rsaKey, toBigInt, toBytes } from '../../go/rsa.ts';
import { decode, encode } from '../../go/utf8.ts';
import { isCertificate, makeCertificate } from '../../go/x509.ts';
import { printValue } from '../format.ts';
import { type CallContext, GoError, type GoFunction, type ObjectValue, object, string, type Value } from '../value.ts';
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

function newRsaKey(size: number, context: CallContext): RsaKey {
  context.step(size > 2048 ? 4 * rsaSteps : rsaSteps);
  return rsaKey(context.random(32), size);
}

function privateKey(type: string, context: CallContext): string {
  if (type !== 'rsa') context.step(curveSteps);
  switch (type) {
    case '':
    case 'rsa':
      return encodePem('RSA PRIVATE KEY', encodeRsa(newRsaKey(4096, context)));
    case 'ecdsa': {
      const secret = (toBigInt(context.random(40)) % ((1n << 255n) - 19n)) + 1n;
      const curve = tlv(0xa0, oid('1.2.840.10045.3.1.7'));
      const point = tlv(0xa1, bits(p256PublicKey(secret)));
      return encodePem('EC PRIVATE KEY', derSequence(derInteger(1n), octets(toBytes(secret, 32)), curve, point));
    }
    case 'ed25519': {
      const seed = octets(octets(context.random(32)));
      return encodePem('PRIVATE KEY', derSequence(derInteger(0n), derSequence(oid('1.3.101.112')), seed));
    }
    case 'dsa':
      throw new GoError('DSA keys are not supported here: use rsa, ecdsa or ed25519');
    default:
      return `Unknown type ${type}`;
  }
}

function readKey(pem: string): RsaKey {
  const block = decodePem(pem);
  if (block === undefined) throw new GoError('no PEM data in input');
  const key = block.type === 'RSA PRIVATE KEY' ? decodeRsa(block.der) : undefined;
  if (key === undefined)
    throw new GoError(`certificates with keys of type ${block.type} are not supported here: use an RSA key`);
  return key;
}

function certificate(cert: string, key: string): ObjectValue {
  return object('sprig.certificate', [
    ['Cert', string(cert)],
    ['Key', string(key)],
  ]);
}

interface Subject {
  readonly name: string;
  readonly ips?: Value;
  readonly dns?: Value;
  readonly days: number;
  readonly isCA: boolean;
}

const day = 86_400_000;

function issue(
  subject: Subject,
  key: RsaKey,
  context: CallContext,
  signer?: { certificate: Uint8Array; key: RsaKey },
): ObjectValue {
  const now = Math.floor(context.now() / 1000) * 1000;
  const der = makeCertificate({
    commonName: subject.name,
    ips: texts(subject.ips, (value) => `error parsing ip: ${value} is not a string`).map(ipBytes),
    dnsNames: texts(subject.dns, (value) => `error processing alternate dns name: ${value} is not a string`),
    serial: toBigInt(context.random(16)),
    notBefore: now,
    notAfter: now + subject.days * day,
    isCA: subject.isCA,
    key,
    ...(signer === undefined ? {} : { signer }),
  });
  return certificate(encodePem('CERTIFICATE', der), encodePem('RSA PRIVATE KEY', encodeRsa(key)));
}

function texts(value: Value | undefined, wrong: (value: string) => string): string[] {
  if (value?.kind !== 'list') return [];
  return value.items.map((item) => {
    if (item.kind !== 'string') throw new GoError(wrong(printValue(item)));
    return item.text;
  });
}

function ipBytes(ip: string): Uint8Array {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(ip);
  if (four?.slice(1).every((part) => Number(part) < 256) === true) return Uint8Array.from(four.slice(1), Number);
  const [head = '', tail, ...more] = ip.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  const all = tail === undefined ? left : [...left, ...new Array<string>(Math.max(0, missing)).fill('0'), ...right];
  if (more.length > 0 || all.length !== 8 || !all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) {
    throw new GoError(`error parsing ip: ${ip}`);
  }
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}

function signerOf(ca: Value): { certificate: Uint8Array; key: RsaKey } {
  const part = (name: string) => {
    const value = ca.kind === 'object' ? ca.fields.get(name) : undefined;
    return value?.kind === 'string' ? value.text : '';
  };
  const block = decodePem(part('Cert'));
  if (block === undefined) throw new GoError('unable to decode certificate');
  if (!isCertificate(block.der))
    throw new GoError('error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate');
  return { certificate: block.der, key: readKey(part('Key')) };
}

function custom(cert: string, key: string): ObjectValue {
  const certBytes = decodeBase64(cert);
  if (typeof certBytes === 'number') throw new GoError('unable to decode base64 certificate');
  const keyBytes = decodeBase64(key);
  if (typeof keyBytes === 'number') throw new GoError('unable to decode base64 private key');
  const block = decodePem(decode(certBytes));
  if (block === undefined) throw new GoError('unable to decode certificate');
  if (!isCertificate(block.der))
    throw new GoError('error parsing certificate: decodedCert.Bytes: x509: malformed certificate');
  if (decodePem(decode(keyBytes)) === undefined) throw new GoError('error parsing private key: no PEM data in input');
  return certificate(decode(certBytes), decode(keyBytes));
}

const selfSigned = (args: readonly Value[], key: RsaKey, context: CallContext) => {
  const [name, ips, dns, days] = args;
  return issue({ name: text(name), ips: ips!, dns: dns!, days: num(days), isCA: false }, key, context);
};
const signed = (args: readonly Value[], key: RsaKey, context: CallContext) => {
  const [name, ips, dns, days, ca] = args;
  return issue({ name: text(name), ips: ips!, dns: dns!, days: num(days), isCA: false }, key, context, signerOf(ca!));
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
  fn('buildCustomCert', 'string string', ([cert, key]) => custom(text(cert), text(key))),
  fn('genCA', 'string int', ([name, days], context) =>
    issue({ name: text(name), days: num(days), isCA: true }, newRsaKey(2048, context), context),
  ),
  fn('genCAWithKey', 'string int string', ([name, days, key], context) =>
    issue({ name: text(name), days: num(days), isCA: true }, readKey(text(key)), context),
  ),
  fn('genSelfSignedCert', 'string list list int', (args, context) =>
    selfSigned(args, newRsaKey(2048, context), context),
  ),
  fn('genSelfSignedCertWithKey', 'string list list int string', (args, context) =>
    selfSigned(args, readKey(text(args[4])), context),
  ),
  fn('genSignedCert', 'string list list int sprig.certificate', (args, context) =>
    signed(args, newRsaKey(2048, context), context),
  ),
  fn('genSignedCertWithKey', 'string list list int sprig.certificate string', (args, context) =>
    signed(args, readKey(text(args[5])), context),
  ),
];
