/**
 * Charts of our own that call every function of the table: what real Helm 3 and Helm 4 render of them is what we render,
 * and where a function refuses what it is given, the error is Helm's, word for word. The calls are those of the
 * expressions' corpus, and rows of this file where a call's answer is drawn or is the time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { functionsOf } from '../../../src/engine/gotemplate/index.ts';
import { helm as helmRows, raw, values } from '../gotemplate/corpus.ts';
import { compareChart, renderFolder, runHelm, toolPath } from './charts.ts';

const answers = readFileSync(new URL('../gotemplate/golden/answers.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly error?: string });
const rows = [...raw, ...helmRows].map((template, i) => ({ template, fails: answers[i]?.error !== undefined }));

/** Of functions whose answer is another one each time, what stays the same. */
const more: Readonly<Record<string, readonly string[]>> = {
  ago: ['{{ ago now | kindOf }}'],
  break: ['{{ range list 1 2 }}{{ . }}{{ break }}{{ end }}'],
  bcrypt: ['{{ bcrypt "x" | len }}'],
  date_in_zone: ['{{ date_in_zone "2006" 0 "UTC" }}'],
  date_modify: ['{{ now | date_modify "1h" | kindOf }}'],
  must_date_modify: ['{{ now | must_date_modify "1h" | kindOf }}'],
  derivePassword: ['{{ derivePassword 1 "long" "password" "user" "example.com" }}'],
  encryptAES: ['{{ encryptAES "key" "text" | decryptAES "key" }}'],
  genPrivateKey: ['{{ genPrivateKey "ecdsa" | trunc 30 }}'],
  genCA: [
    '{{ $ca := genCA "ca" 1 }}{{ range list (genSelfSignedCert "a" nil (list "b") 1) (genSignedCert "a" nil nil 1 $ca) ' +
      '(genCAWithKey "ca" 1 $ca.Key) (genSelfSignedCertWithKey "a" nil nil 1 $ca.Key) ' +
      '(genSignedCertWithKey "a" nil nil 1 $ca $ca.Key) (buildCustomCert ($ca.Cert | b64enc) ($ca.Key | b64enc)) ' +
      '}}{{ .Cert | trunc 27 }}{{ end }}',
  ],
  fromToml: ['{{ fromToml "a = 1\\n[b]\\nc = [1, 2.5, true]" | toJson }}'],
  getHostByName: ['{{ getHostByName "localhost" | quote }}'],
  htpasswd: ['{{ htpasswd "u" "p" | len }}'],
  lookup: ['{{ lookup "v1" "Secret" "a" "b" | toJson }}'],
  now: ['{{ now | kindOf }}'],
  randAlpha: ['{{ randAlpha 5 | len }}'],
  randAlphaNum: ['{{ randAlphaNum 5 | len }}'],
  randAscii: ['{{ randAscii 5 | len }}'],
  randBytes: ['{{ randBytes 3 | b64dec | len }}'],
  randInt: ['{{ randInt 3 4 }}'],
  randNumeric: ['{{ randNumeric 5 | len }}'],
  shuffle: ['{{ shuffle "aaa" }}'],
  tpl: ['{{ tpl .Values.tpl . }}'],
  include: ['{{ include "named" . }}'],
  uuidv4: ['{{ uuidv4 | len }}'],
  call: ['{{ with .Files }}{{ kindOf . }}{{ end }}{{ if false }}{{ call .Values.s }}{{ end }}'],
  trimall: ['{{ trimall "$" "$5$" }}'],
  hasSuffix: ['{{ hasSuffix "ld" .Values.s }} {{ hasSuffix "x" .Values.s }}'],
  push: ['{{ push .Values.l "z" | toJson }}'],
  mustPush: ['{{ mustPush .Values.l "z" | toJson }}'],
  mustAppend: ['{{ mustAppend .Values.l nil | toJson }}'],
  mustPrepend: ['{{ mustPrepend .Values.l 1 | toJson }}'],
  mustLast: ['{{ mustLast .Values.l }}'],
  mustRest: ['{{ mustRest .Values.l | toJson }}'],
  mustInitial: ['{{ mustInitial .Values.l | toJson }}'],
  mustReverse: ['{{ mustReverse .Values.l | toJson }}'],
  mustCompact: ['{{ mustCompact .Values.mixed | toJson }}'],
  mustUniq: ['{{ mustUniq .Values.l | toJson }}'],
  mustWithout: ['{{ mustWithout .Values.l "a" | toJson }}'],
  mustHas: ['{{ mustHas "a" .Values.l }}'],
  mustSlice: ['{{ mustSlice .Values.l 1 3 | toJson }}'],
  mustChunk: ['{{ mustChunk 2 .Values.l | toJson }}'],
  mustMerge: ['{{ mustMerge (dict "a" 1) .Values.m | toJson }}'],
  mustMergeOverwrite: ['{{ mustMergeOverwrite (dict "a" 1) .Values.m | toJson }}'],
  mustDeepCopy: ['{{ mustDeepCopy .Values.m | toJson }}'],
  biggest: ['{{ biggest 1 3 2 }}'],
  mustRegexMatch: ['{{ mustRegexMatch "^h" .Values.s }}'],
  mustRegexFind: ['{{ mustRegexFind "l+" .Values.s }}'],
  mustRegexFindAll: ['{{ mustRegexFindAll "[a-z]+" .Values.s -1 | toJson }}'],
  mustRegexReplaceAll: ['{{ mustRegexReplaceAll "(l+)" .Values.s "<${1}>" }}'],
  mustRegexReplaceAllLiteral: ['{{ mustRegexReplaceAllLiteral "l" .Values.s "${1}" }}'],
  mustRegexSplit: ['{{ mustRegexSplit "l+" .Values.s -1 | toJson }}'],
  osDir: ['{{ osDir "/a/b" }}'],
  osClean: ['{{ osClean "/a/../b" }}'],
  osIsAbs: ['{{ osIsAbs "/a" }}'],
  htmlDateInZone: ['{{ htmlDateInZone 1500000000 "UTC" }}'],
  mustDateModify: ['{{ toDate "2006-01-02" "2017-12-31" | mustDateModify "-1.5h" | unixEpoch }}'],
  mustToDate: ['{{ mustToDate "2006-01-02" "2017-12-31" | unixEpoch }}'],
  durationMilliseconds: ['{{ durationMilliseconds "1.5s" }}'],
  durationMicroseconds: ['{{ durationMicroseconds "1.5ms" }}'],
  durationNanoseconds: ['{{ durationNanoseconds "1us" }}'],
  durationWeeks: ['{{ durationWeeks "336h" }}'],
  decryptAES: ['{{ encryptAES "key" "text" | decryptAES "key" }}'],
  mustToPrettyJson: ['{{ mustToPrettyJson .Values.m }}'],
  mustToRawJson: ['{{ mustToRawJson "<a>" }}'],
  mustFromJson: ['{{ mustFromJson .Values.json | toJson }}'],
  mustToToml: ['{{ mustToToml .Values.m }}'],
};

const names = [...functionsOf(4).keys()];
const calls = (name: string) => new RegExp(`(^|[^.$"\\w])${name}(?![\\w"])`);
const isFixed = (template: string) =>
  !/define|template|%[#+ ]*[pxX]|\b(now|ago|rand\w+|uuidv4|shuffle|gen\w+|bcrypt|htpasswd|encryptAES|include|tpl|block)\b/.test(
    template,
  );

function callsOf(name: string, kind: 'answers' | 'fails'): readonly string[] {
  const own = kind === 'answers' ? (more[name] ?? []) : [];
  if (own.length > 0) return own;
  const pattern = calls(name);
  const found = rows.filter(({ template, fails }) => fails === (kind === 'fails') && pattern.test(template));
  return found
    .map(({ template }) => template)
    .filter(isFixed)
    .slice(0, kind === 'answers' ? 6 : 1);
}

/** One template for a function: each call's output is an entry of a ConfigMap. */
function templateOf(name: string): string {
  const entries = callsOf(name, 'answers').map(
    (call, i) => `{{- define "${name}.${i}" }}${call}{{ end }}\n  call${i}: {{ include "${name}.${i}" . | b64enc }}`,
  );
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name.toLowerCase().replaceAll('_', '-')}}\ndata:\n${entries.join('\n')}\n`;
}

function withChart<T>(templates: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-functions-'));
  try {
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 0.1.0\n');
    writeFileSync(join(folder, 'values.yaml'), JSON.stringify(values));
    writeFileSync(join(folder, 'templates/_named.tpl'), '{{ define "named" }}{{ .Values.s }}{{ end }}');
    for (const [name, text] of Object.entries(templates)) writeFileSync(join(folder, 'templates', name), text);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const chartFor = (version: 3 | 4) =>
  Object.fromEntries(
    [...functionsOf(version).keys()]
      .filter((name) => callsOf(name, 'answers').length > 0)
      .map((name) => [`${name}.yaml`, templateOf(name)]),
  );

/** Words of the language in the table, and what ends every rendering: the errors' test has it. */
const withoutAnswer = ['fail'];

test('every function of the table is called', () => {
  const called = names.flatMap((name) => callsOf(name, 'answers'));
  const missing = names.filter((name) => !called.some((call) => calls(name).test(call)));
  expect(missing.filter((name) => !withoutAnswer.includes(name))).toEqual([]);
});

for (const version of [3, 4] as const) {
  const tool = toolPath(`helm${version}`);
  test.runIf(tool !== undefined)(`every function answers as in helm ${version}`, { timeout: 90_000 }, () => {
    const chart = chartFor(version);
    const real = withChart(chart, (folder) => runHelm(tool!, folder));
    expect('error' in real ? real.error : '').toBe('');
    expect(withChart(chart, (folder) => compareChart(folder, version, tool!))).toEqual({ kind: 'equal' });
  });

  test.runIf(tool !== undefined)(`a function refuses in the words of helm ${version}`, { timeout: 90_000 }, () => {
    // A process for each: every second function for one of the two, the others for the other.
    const failing = [
      ...names.map((name) => callsOf(name, 'fails')[0]),
      '{{ fail "no\\nway" }}',
      '{{ required "a" "" }}',
      '{{ include "none" . }}',
      '{{ include "none" .Values }}',
    ];
    const asked = [...new Set(failing.filter((call) => call !== undefined))].filter((_, i) => i % 2 === version % 2);
    const differences = asked.flatMap((call) =>
      withChart({ 'call.yaml': `a: 1\nb: ${call}\n` }, (folder) => {
        const [real, own] = [runHelm(tool!, folder), renderFolder(folder, version)];
        const [they, we] = ['error' in real ? wordsOf(real.error) : real.text, 'error' in own ? own.error : own.text];
        return they === we ? [] : [{ call, they, we }];
      }),
    );
    console.log(`helm ${version}: ${asked.length - differences.length} of ${asked.length} refusals in its words`);
    expect(differences).toEqual([]);
  });
}

function wordsOf(error: string): string {
  return error
    .replace(/^Error: /, '')
    .replace(/\n\nUse --debug flag to render out invalid YAML\n$/, '')
    .trim();
}
