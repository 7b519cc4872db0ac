/**
 * X.509 certificates for loopback: an authority, servers and clients, written as DER here because Node can read
 * certificates and not make them, and a test rig should ask for no more programs than it must.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** Long enough for any rig, and from a little in the past, because clocks differ. */
const years: Validity = { from: new Date(Date.now() - 86_400_000), to: new Date('2049-01-01T00:00:00Z') };

export function authority(name: string, validity: Validity = years): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [basicConstraints(true), keyUsage(0b0000_0110)];
  const certificate = make({ name }, name, keys.publicKey, keys.privateKey, validity, extensions);
  return { name, certificate, key: pem(keys.privateKey), privateKey: keys.privateKey };
}

/** A server's certificate for host names and IPv4 addresses. */
export function serverCertificate(by: Authority, hosts: readonly string[], validity: Validity = years): Certificate {
  return issue(by, { name: hosts[0]! }, validity, [extendedKeyUsage('1.3.6.1.5.5.7.3.1'), alternativeNames(hosts)]);
}

/** A client's certificate: the user name, and the groups that Kubernetes reads from the organization. */
export function clientCertificate(
  by: Authority,
  user: string,
  groups: readonly string[] = [],
  validity: Validity = years,
): Certificate {
  return issue(by, { name: user, groups }, validity, [extendedKeyUsage('1.3.6.1.5.5.7.3.2')]);
}

interface Subject {
  readonly name: string;
  readonly groups?: readonly string[];
}

function issue(by: Authority, subject: Subject, validity: Validity, extensions: readonly Buffer[]): Certificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const all = [basicConstraints(false), keyUsage(0b1000_0000), ...extensions];
  const certificate = make(subject, by.name, keys.publicKey, by.privateKey, validity, all);
  return { certificate, key: pem(keys.privateKey) };
}

function make(
  subject: Subject,
  issuer: string,
  publicKey: KeyObject,
  signer: KeyObject,
  validity: Validity,
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(8)]);
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    distinguishedName({ name: issuer }),
    sequence(time(validity.from), time(validity.to)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const der = sequence(body, algorithm, bits(signature));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function distinguishedName(subject: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    tagged(0x31, sequence(oid(type), tagged(0x0c, Buffer.from(value, 'utf8'))));
  const groups = (subject.groups ?? []).map((group) => attribute('2.5.4.10', group));
  return sequence(...groups, attribute('2.5.4.3', subject.name));
}

function basicConstraints(isAuthority: boolean): Buffer {
  return extension('2.5.29.19', true, isAuthority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence());
}

function keyUsage(mask: number): Buffer {
  return extension('2.5.29.15', true, bits(Buffer.from([mask])));
}

function extendedKeyUsage(use: string): Buffer {
  return extension('2.5.29.37', false, sequence(oid(use)));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
      : tagged(0x82, Buffer.from(host, 'ascii')),
  );
  return extension('2.5.29.17', false, sequence(...names));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, tagged(0x04, value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function bits(value: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), value]));
}

/** UTCTime holds the years 1950 to 2049, which is all that is needed. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(digits.slice(2), 'ascii'));
}

function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
