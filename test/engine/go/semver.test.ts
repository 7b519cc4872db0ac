/** Masterminds' own tables, read from the Go module cache, and the cases in which it differs from npm's semver. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  compareVersions,
  matchesConstraint,
  parseConstraint,
  parseStrictVersion,
  parseVersion,
  satisfies,
  type Version,
} from '../../../src/engine/go/semver.ts';
import { oracle } from '../../oracle/ask.ts';
import { elements, stringOf } from '../gotemplate/gosource.ts';
import { pick, seeded } from '../yaml/random.ts';

const folder = moduleFolder();

function moduleFolder(): string | undefined {
  try {
    const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
    const path = join(cache, 'github.com/!masterminds/semver/v3@v3.5.0');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The rows of the first table in a test function. */
function table(file: string, name: string): string[][] {
  const source = readFileSync(join(folder!, file), 'utf8');
  const body = source.slice(source.indexOf(`func ${name}(`));
  const start = body.indexOf('}{', body.indexOf('[]struct {')) + 2;
  // The empty condition can only be reached inside the library: NewConstraint refuses it.
  return elements(body, start)
    .map((row) => elements(row, 1))
    .filter(([first]) => name !== 'TestConstraintCheck' || first !== '""');
}

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (typeof parsed === 'string') throw new Error(`${text}: ${parsed}`);
  return parsed;
}

const tables: Record<string, (row: string[]) => readonly [unknown, unknown]> = {
  'constraints_test.go TestConstraintCheck': checks,
  'constraints_test.go TestConstraintsCheck': checks,
  'constraints_test.go TestConstraintsValidate': checks,
  'constraints_test.go TestNewConstraint': ([input, , , fails]) => [
    typeof parseConstraint(stringOf(input!)!) === 'string',
    fails === 'true',
  ],
  'version_test.go TestNewVersion': ([input, fails]) => [
    typeof parseVersion(stringOf(input!)!) === 'string',
    fails === 'true',
  ],
  'version_test.go TestStrictNewVersion': ([input, fails]) => [
    parseStrictVersion(stringOf(input!)!) === undefined,
    fails !== 'nil' && fails !== 'false',
  ],
  'version_test.go TestCompare': ([a, b, want]) => [
    Math.sign(compareVersions(version(stringOf(a!)!), version(stringOf(b!)!))),
    Number(want),
  ],
};

function checks([constraint, candidate, want]: string[]): readonly [unknown, unknown] {
  return [matchesConstraint(stringOf(constraint!)!, stringOf(candidate!)!), want === 'true'];
}

for (const [name, judge] of Object.entries(tables)) {
  test.skipIf(folder === undefined)(`${name} (no module semver v3.5.0 here)`, () => {
    const [file, func] = name.split(' ') as [string, string];
    const rows = table(file, func);
    const failed = rows.flatMap((row) => {
      const [got, want] = judge(row);
      return got === want ? [] : [`${row.join(' ')}: ${got}`];
    });
    console.log(`${func}: ${rows.length - failed.length} of ${rows.length}`);
    expect(failed).toEqual([]);
    expect(rows.length).toBeGreaterThan(9);
  });
}

test.each([
  ['~>1.2', '1.9.0', false],
  ['>1.2', '1.2.5', false],
  ['>=1.0.0-0', '2.0.0-rc.1', true],
  ['^1.0.0-rc.1', '1.2.0-rc.1', true],
  ['1.2', '1.2.9', true],
  ['1.2 - 1.4', '1.3.0', true],
  ['>=1.21-0', 'v1.30.0-eks', true],
])('%s %s %s', (constraint, candidate, want) => {
  expect(matchesConstraint(constraint, candidate)).toBe(want);
});

test('a constraint made to be slow is not', () => {
  const start = performance.now();
  expect(matchesConstraint(`${'1   '.repeat(120)}!`, '1.0.0')).toBe(false);
  expect(performance.now() - start).toBeLessThan(10_000);
});

const judge = oracle('helmrelease-oracle');

const hardVersions = [
  ...[
    '0.0.0',
    '0.0.1',
    '0.1.0',
    '0.2.3',
    '0.2.3-beta.1',
    '1.0.0',
    'v1.0.0',
    '1',
    '1.2',
    '1.2.0',
    '1.2.3',
    '1.2.3+build',
  ],
  ...['1.2.3+build.2', '1.2.4-0', '1.2.4-alpha', '1.2.4-alpha.1', '1.2.4-alpha.beta', '1.2.4-beta.2', '1.2.4-beta.11'],
  ...['1.2.4-rc.1', '1.2.4', '1.9.9', '1.10.0', '2.0.0-rc.1', '2.0.0', '10.0.0', '2.0.0-x-y-z.4', '1.2.3-01', '01.2.3'],
  ...['1.2.3.4', 'latest', '', ' 1.0.0', '9999999999999.0.0', '1.0.0-', '1.0.0+', 'V1.0.0', '1.0.0-ä'],
];

const hardConstraints = [
  ...[
    '*',
    'x',
    'X',
    '',
    ' ',
    '1',
    '1.x',
    '1.2.x',
    '1.*',
    '=1.2.3',
    '1.2.3',
    'v1.2.3',
    '!=1.2.3',
    '!=1.x',
    '>1',
    '>=1.2',
  ],
  ...[
    '<2',
    '<=1.2',
    '=>1.2',
    '=<1.2',
    '~1',
    '~1.2',
    '~1.2.3',
    '~>1.2.3',
    '^0',
    '^0.0',
    '^0.0.1',
    '^0.2',
    '^0.2.3',
    '^1',
  ],
  ...[
    '^1.2',
    '^1.2.3',
    '>=1.0.0-0',
    '>=1.2.4-0',
    '*-0',
    'x-0',
    '^1-0',
    '~1.2-0',
    '<2.0.0-rc.1',
    '>1.2.3-alpha <2',
    '1.2 - 1.4',
  ],
  ...[
    '1 - 2',
    '1.2.3-0 - 2.0.0',
    '1.2.3-2.0.0',
    '>=1, <2',
    '>=1 <2',
    '>=1,<2',
    '>=1 || <0.1',
    '1||2',
    '^1||^2-0',
    '|| 1',
  ],
  ...[
    '1 ||',
    '1,,2',
    ', 1',
    '>>1',
    '1.2.3.4',
    'latest',
    '>= 1.2.3',
    '>  1',
    '~ 1.2',
    '1.2.3+build',
    '=1.2.3+build',
    '!1',
  ],
  ...['>=1.2.4-alpha', '^1.2.4-beta.2', '~1.2.4-rc.1', '=1.2.4-rc.1', '!=1.2.4-rc.1', '<1.2.4-rc.1', '<=1.2.4-beta.11'],
];

/** Constraints of the same words in other combinations. */
function randomConstraints(count: number): readonly string[] {
  const dice = seeded(7);
  const operators = ['', '=', '!=', '>', '<', '>=', '=>', '<=', '=<', '~', '~>', '^'];
  const number = () => pick(dice, ['0', '1', '2', '10', 'x', '*']);
  const one = () => {
    const parts = [pick(dice, ['', 'v']) + number(), number(), number()].slice(0, 1 + Math.floor(dice() * 3));
    return `${pick(dice, operators)}${pick(dice, ['', ' '])}${parts.join('.')}${pick(dice, ['', '', '', '-0', '-beta.2', '+b'])}`;
  };
  const both = () => (dice() < 0.5 ? one() : `${one()}${pick(dice, [',', ' ', ', ', ' - '])}${one()}`);
  return Array.from({ length: count }, () =>
    dice() < 0.7 ? both() : `${both()}${pick(dice, ['||', ' || '])}${both()}`,
  );
}

test.skipIf(!judge.present)(`versions of a repository, chosen as Masterminds/semver chooses${judge.without}`, () => {
  const constraints = [...hardConstraints, ...randomConstraints(2000)];
  const answers = judge.ask<{ error?: string; versions?: readonly string[] }>(
    constraints.map((constraint) => ({ constraint, versions: hardVersions })),
  );
  const different = constraints.flatMap((text, i) => {
    const [got, want] = [admitted(text), answers[i]!.error === undefined ? (answers[i]!.versions ?? []) : 'refused'];
    return JSON.stringify(got) === JSON.stringify(want) ? [] : [`${JSON.stringify(text)}: ${got} instead of ${want}`];
  });
  expect(different).toEqual([]);
  expect(answers.filter(({ error, versions }) => error === undefined && versions !== undefined).length).toBeGreaterThan(
    1000,
  );
});

/** The versions that a constraint admits, newest first; equal ones in their order from behind, as a reversed sort leaves them. */
function admitted(text: string): readonly string[] | 'refused' {
  const constraint = parseConstraint(text);
  if (typeof constraint === 'string') return 'refused';
  return hardVersions
    .flatMap((candidate) => {
      const parsed = parseVersion(candidate);
      return typeof parsed !== 'string' && satisfies(parsed, constraint) ? [{ candidate, parsed }] : [];
    })
    .sort((a, b) => compareVersions(b.parsed, a.parsed))
    .map(({ candidate }) => candidate);
}
