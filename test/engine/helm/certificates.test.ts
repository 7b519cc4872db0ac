/**
 * Certificates with keys of every kind that sprig takes, made by us and by the real helm: the same structure, a
 * signature that OpenSSL verifies, and the same refusal, word for word, where a key signs nothing.
 */

import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { children, decodePem } from '../../../src/engine/go/der.ts';
import { parse, toJson } from '../../../src/engine/index.ts';
import { toolPath } from './charts.ts';
import { chartYaml, render } from './check.ts';

type Keys = Readonly<Record<string, string>>;

const pemOf = (key: KeyObject, type: 'pkcs1' | 'sec1' | 'pkcs8') =>
  String(key.export({ type, format: 'pem' } as never));
const curveKey = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ecdsa = curveKey('P-256');

/** One key of each kind, in each way to write it. */
const keys: Keys = {
  rsa: pemOf(rsa, 'pkcs1'),
  rsaWrapped: pemOf(rsa, 'pkcs8'),
  p224: pemOf(curveKey('secp224r1'), 'sec1'),
  p256: pemOf(ecdsa, 'sec1'),
  p256Wrapped: pemOf(ecdsa, 'pkcs8'),
  p384: pemOf(curveKey('secp384r1'), 'sec1'),
  p521: pemOf(curveKey('secp521r1'), 'pkcs8'),
  ed25519: pemOf(generateKeyPairSync('ed25519').privateKey, 'pkcs8'),
};

const printed = `{{- define "pair" }}
cert: {{ .Cert | quote }}
key: {{ .Key | quote }}
{{- end }}`;

/** For each key a CA, a certificate that signs itself, and one of the next key that the CA signs. */
const template = `{{- $keys := .Values.keys }}{{- $names := keys $keys | sortAlpha }}
{{- range $i, $name := $names }}
{{- $key := get $keys $name }}{{- $next := get $keys (index $names (mod (add1 $i) (len $names))) }}
{{- $ca := genCAWithKey (printf "ca-%s" $name) 30 $key }}
{{ $name }}:
  ca: {{- include "pair" $ca | nindent 4 }}
  self: {{- include "pair" (genSelfSignedCertWithKey $name (list "10.0.0.1" "fd00::1" "::ffff:1.2.3.4") (list "a.b") 3 $key) | nindent 4 }}
  signed: {{- include "pair" (genSignedCertWithKey "é*" nil (list "c.d") 3 $ca $next) | nindent 4 }}
  nameless: {{- include "pair" (genSignedCertWithKey "" nil (list "c.d") 3 $ca $next) | nindent 4 }}
  namesake: {{- include "pair" (genSignedCertWithKey (printf "ca-%s" $name) nil nil 3 $ca $next) | nindent 4 }}
  custom: {{- include "pair" (buildCustomCert ($ca.Cert | b64enc) ($key | b64enc)) | nindent 4 }}
{{- end }}`;

type Pair = { readonly cert: string; readonly key: string };
type Printed = Readonly<Record<string, Readonly<Record<string, Pair>>>>;

function ours(text: string, values: unknown = { keys }): Printed | string {
  const { value, problems } = render(
    { 'templates/out.yaml': text, 'templates/_pair.tpl': printed },
    { values: JSON.stringify(values) },
  );
  const [error] = problems.filter(({ severity }) => severity === 'error');
  return error === undefined ? read(value!.manifests[0]!.text) : error.message;
}

function read(text: string): Printed {
  return toJson(parse(text, 'out').documents[0]!.root!, 'sigs') as Printed;
}

function theirs(tool: string, text: string, values: unknown = { keys }): Printed | string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  try {
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'Chart.yaml'), chartYaml);
    writeFileSync(join(folder, 'values.yaml'), JSON.stringify(values));
    writeFileSync(join(folder, 'templates/_pair.tpl'), printed);
    writeFileSync(join(folder, 'templates/out.yaml'), text);
    return read(
      execFileSync(tool, ['template', 'rel', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  } catch (cause) {
    return String((cause as { stderr?: string }).stderr ?? cause);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What two runs agree on: all but serial number, validity and signature, and the key that belongs to it. */
function lasting({ cert, key }: Pair): unknown {
  const [body, algorithm] = children(children(decodePem(cert)!.der)[0]!.content);
  const hex = children(body!.content).map(({ whole }) => Buffer.from(whole).toString('hex'));
  return {
    body: hex.filter((_, i) => i !== 1 && i !== 4),
    algorithm: Buffer.from(algorithm!.whole).toString('hex'),
    key,
  };
}

function daysOf({ cert }: Pair): number {
  const { validFrom, validTo } = new X509Certificate(cert);
  return (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000;
}

function eachLasting(all: Printed): unknown {
  return Object.fromEntries(
    Object.entries(all).map(([name, pairs]) => [
      name,
      Object.fromEntries(Object.entries(pairs).map(([kind, pair]) => [kind, [daysOf(pair), lasting(pair)]])),
    ]),
  );
}

let known: Printed | undefined;

function certificates(): Printed {
  const all = known ?? ours(template);
  if (typeof all === 'string') throw new Error(all);
  known = all;
  return all;
}

test('a certificate of a key of every kind holds its key, and OpenSSL verifies who signed it', () => {
  const all = certificates();
  expect(Object.keys(all).sort()).toEqual(Object.keys(keys).sort());
  for (const pairs of Object.values(all)) {
    const ca = new X509Certificate(pairs.ca!.cert);
    expect(ca.ca).toBe(true);
    for (const [kind, { cert, key }] of Object.entries(pairs)) {
      const certificate = new X509Certificate(cert);
      const by = kind === 'self' ? certificate : ca;
      expect(certificate.verify(by.publicKey)).toBe(true);
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    }
  }
});

const generated = `{{- range $type := list "ecdsa" "ed25519" "dsa" }}
{{ $type }}: {{ genPrivateKey $type | quote }}
{{- end }}`;

/** Helm takes seconds to make one: it gets ours. */
const dsa = () => (ours(generated) as unknown as Keys).dsa!;

test('the keys that genPrivateKey makes are keys for OpenSSL and for certificates', () => {
  const made = ours(generated) as unknown as Keys;
  const types = Object.entries(made).map(([type, pem]) => [type, createPrivateKey(pem).asymmetricKeyType]);
  expect(types).toEqual([
    ['ecdsa', 'ec'],
    ['ed25519', 'ed25519'],
    ['dsa', 'dsa'],
  ]);
  expect(ours(generated)).toEqual(made);
});

/** Keys that are refused: by what they are, or by how they are written. */
const refused: readonly string[] = [
  '{{ genCAWithKey "ca" 1 .Values.dsa }}',
  '{{ genSignedCertWithKey "a" nil nil 1 (genCAWithKey "ca" 1 .Values.keys.rsa) .Values.dsa }}',
  '{{ genCAWithKey "ca" 1 "" }}',
  '{{ genCAWithKey "ca" 1 (.Values.keys.p256 | replace "EC PRIVATE" "PUBLIC") }}',
  '{{ genCAWithKey "ca" 1 (.Values.keys.p256 | replace "EC PRIVATE" "RSA PRIVATE") }}',
  '{{ genCAWithKey "ca" 1 (.Values.keys.rsa | replace "RSA PRIVATE" "EC PRIVATE") }}',
  '{{ $ca := genCAWithKey "ca" 1 .Values.keys.rsa }}' +
    '{{ genSignedCert "a" nil nil 1 (buildCustomCert ($ca.Cert | b64enc) (.Values.keys.p256 | b64enc)) }}',
  '{{ buildCustomCert ((genCAWithKey "ca" 1 .Values.keys.p256).Cert | b64enc) ("x" | b64enc) }}',
  '{{ genSelfSignedCertWithKey "a" (list "1:2:3:4::5:6:7:8") nil 1 .Values.keys.p256 }}',
];

const judge = toolPath('helm4');
test.skipIf(judge === undefined)('certificates of given keys are those of helm (npm run tools builds it)', () => {
  const real = theirs(judge!, template);
  if (typeof real === 'string') throw new Error(real);
  expect(eachLasting(certificates())).toEqual(eachLasting(real));
});

test.skipIf(judge === undefined)('keys are refused in the words of helm (npm run tools builds it)', () => {
  const values = { keys, dsa: dsa() };
  for (const text of refused) {
    const [mine, real] = [ours(text, values), theirs(judge!, text, values)];
    const words = typeof mine === 'string' ? /error calling .*/.exec(mine)?.[0] : undefined;
    expect(words, text).toBeDefined();
    expect(String(real), text).toContain(words);
  }
});
