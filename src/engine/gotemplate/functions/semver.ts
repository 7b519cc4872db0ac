/** semver and semverCompare, on Masterminds' rules. */
import {
  compareVersions,
  parseConstraint,
  parseVersion,
  printVersion,
  satisfies,
  type Version,
} from '../../go/semver.ts';
import { bool, GoError, type GoFunction, type IntValue, int, type ObjectValue, object, string } from '../value.ts';
import { fn, text } from './define.ts';

function versionOf(value: string): Version {
  const version = parseVersion(value);
  if (typeof version === 'string') throw new GoError(version);
  return version;
}

function uint64(value: bigint): IntValue {
  return { ...int(value), type: 'uint64' };
}

/** A `*semver.Version`: its parts are methods. */
function versionObject(version: Version): ObjectValue {
  const part = (name: string, get: () => IntValue | ReturnType<typeof string>) => [name, fn(name, '', get)] as const;
  const other = (name: string, test: (order: number) => boolean) => {
    const compared = fn(name, '*semver.Version', ([b]) =>
      bool(test(compareVersions(version, (b as ObjectValue).data as Version))),
    );
    return [name, compared] as const;
  };
  const bumped = (name: string, next: Partial<Version>) => {
    const raised = { ...version, pre: '', metadata: '', ...next };
    return [
      name,
      fn(name, '', () => ({ ...versionObject({ ...raised, original: printVersion(raised) }), pointer: false })),
    ] as const;
  };
  const methods = new Map([
    part('Major', () => uint64(version.major)),
    part('Minor', () => uint64(version.minor)),
    part('Patch', () => uint64(version.patch)),
    part('Prerelease', () => string(version.pre)),
    part('Metadata', () => string(version.metadata)),
    part('Original', () => string(version.original)),
    part('String', () => string(printVersion(version))),
    [
      'Compare',
      fn('Compare', '*semver.Version', ([b]) => int(compareVersions(version, (b as ObjectValue).data as Version))),
    ] as const,
    other('Equal', (order) => order === 0),
    other('LessThan', (order) => order < 0),
    other('GreaterThan', (order) => order > 0),
    other('LessThanEqual', (order) => order <= 0),
    other('GreaterThanEqual', (order) => order >= 0),
    bumped('IncMajor', { major: version.major + 1n, minor: 0n, patch: 0n }),
    bumped('IncMinor', { minor: version.minor + 1n, patch: 0n }),
    bumped('IncPatch', version.pre === '' ? { patch: version.patch + 1n } : {}),
  ]);
  const print = () => printVersion(version);
  return object('semver.Version', [], { methods, print, data: version, pointer: true, json: () => string(print()) });
}

export const semverFunctions: readonly GoFunction[] = [
  fn('semver', 'string', ([version]) => versionObject(versionOf(text(version)))),
  fn('semverCompare', 'string string', ([constraint, version]) => {
    const parsed = parseConstraint(text(constraint));
    if (typeof parsed === 'string') throw new GoError(parsed);
    return bool(satisfies(versionOf(text(version)), parsed));
  }),
];
