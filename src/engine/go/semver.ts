/**
 * Versions and constraints as Masterminds/semver v3 has them: what Helm, helm-controller, source-controller and image
 * policies use. It is not npm's semver: `~>1.2` is a tilde, `1.2` alone is `1.2.x`, `>1.2` starts at 1.3, and one
 * pre-release in a group of constraints admits pre-releases for the whole group.
 */

export interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly pre: string;
  readonly metadata: string;
  /** The text as given. */
  readonly original: string;
}

export interface Constraint {
  /** Alternatives (`||`), each a list of conditions that must all hold. */
  readonly groups: readonly Group[];
}

interface Group {
  readonly conditions: readonly Condition[];
  readonly admitsPre: boolean;
}

interface Condition {
  readonly operator: string;
  readonly version: Version;
  /** The version as written, such as `4.x`. */
  readonly text: string;
  readonly minorOpen: boolean;
  readonly patchOpen: boolean;
  /** Some part was left out or an `x`. */
  readonly open: boolean;
}

const maxVersionLength = 256;
const maxConstraintLength = 512;
const maxGroups = 32;
const maxUint64 = (1n << 64n) - 1n;

const loose =
  /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** `NewVersion`: `1`, `v1.2`, `1.2.3-rc.1+build`. An error is Masterminds' own sentence. */
export function parseVersion(text: string): Version | string {
  if (text.length > maxVersionLength) return `version string is too long (max ${maxVersionLength} bytes)`;
  const match = loose.exec(text);
  if (match === null) return 'invalid semantic version';
  const pre = match[4] ?? '';
  const [major, minor, patch] = [match[1]!, match[2]?.slice(1) ?? '0', match[3]?.slice(1) ?? '0'].map(BigInt) as [
    bigint,
    bigint,
    bigint,
  ];
  for (const [i, part] of [major, minor, patch].entries()) {
    if (part <= maxUint64) continue;
    const written = match[i + 1]!.replace('.', '');
    return `error parsing version segment: strconv.ParseUint: parsing "${written}": value out of range`;
  }
  for (const part of pre.split('.')) {
    if (/^0[0-9]+$/.test(part)) return 'version segment starts with 0';
  }
  return { major, minor, patch, pre, metadata: match[5] ?? '', original: text };
}

/** `StrictNewVersion`: three parts and no `v`; undefined for anything else. */
export function parseStrictVersion(text: string): Version | undefined {
  if (!/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-|\+|$)/.test(text)) return undefined;
  const version = parseVersion(text);
  return typeof version === 'string' ? undefined : version;
}

/** The canonical text: three parts, pre-release, metadata, no `v`. */
export function printVersion(version: Version): string {
  const { major, minor, patch, pre, metadata } = version;
  return `${major}.${minor}.${patch}${pre === '' ? '' : `-${pre}`}${metadata === '' ? '' : `+${metadata}`}`;
}

/** Negative, zero or positive; metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  return order(a.major, b.major) || order(a.minor, b.minor) || order(a.patch, b.patch) || comparePre(a.pre, b.pre);
}

function order<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePre(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const compared = comparePart(left[i] ?? '', right[i] ?? '');
    if (compared !== 0) return compared;
  }
  return 0;
}

function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return -1;
  if (b === '') return 1;
  const numberA = isUint(a);
  const numberB = isUint(b);
  if (numberA && numberB) return order(BigInt(a), BigInt(b));
  if (numberA !== numberB) return numberA ? -1 : 1;
  return order(a, b);
}

function isUint(text: string): boolean {
  return /^[0-9]+$/.test(text) && BigInt(text) <= maxUint64;
}

const cv =
  'v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?(-([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?';
const ops = '=||!=|>|<|>=|=>|<=|=<|~|~>|\\^';
const conditionPattern = new RegExp(`^\\s*(${ops})\\s*(${cv})\\s*$`);
const rangePattern = new RegExp(`\\s*(${cv})\\s+-\\s+(${cv})\\s*`, 'g');
const findPattern = new RegExp(`(${ops})\\s*(${cv})`, 'g');
const validPattern = new RegExp(`^(\\s*(${ops})\\s*(${cv})\\s*)((?:\\s+|,\\s*)(${ops})\\s*(${cv})\\s*)*$`);

const parsed = new Map<string, Constraint | string>();

/** `NewConstraint`. An error is Masterminds' own sentence. Results are kept. */
export function parseConstraint(text: string): Constraint | string {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const result = parseGroups(text);
  if (parsed.size > 1000) parsed.clear();
  parsed.set(text, result);
  return result;
}

function parseGroups(text: string): Constraint | string {
  if (text.length > maxConstraintLength) return `constraint string is too long (max ${maxConstraintLength} bytes)`;
  // One space for each run keeps the patterns below from trying every way to divide a run.
  const ranges = text
    .replace(/[\t\n\f\r ]+/g, ' ')
    .replace(rangePattern, (...groups) => `>= ${groups[1]}, <= ${groups[11]} `);
  const alternatives = ranges.replace(/[\t\n\f\r ]+/g, ' ').split('||');
  if (alternatives.length > maxGroups) return `too many constraint groups (max ${maxGroups})`;
  const groups: Group[] = [];
  for (const alternative of alternatives) {
    if (!validPattern.test(alternative)) return `improper constraint: ${JSON.stringify(alternative)}`;
    const conditions: Condition[] = [];
    for (const found of alternative.match(findPattern) ?? [alternative]) {
      const condition = parseCondition(found);
      if (typeof condition === 'string') return condition;
      conditions.push(condition);
    }
    groups.push({ conditions, admitsPre: conditions.some((condition) => condition.version.pre !== '') });
  }
  return { groups };
}

function parseCondition(text: string): Condition | string {
  const match = conditionPattern.exec(text);
  if (match === null) return `improper constraint: ${JSON.stringify(text)}`;
  const [, operator, written, major, minor, patch, pre = ''] = match;
  let version = written!;
  let minorOpen = false;
  let patchOpen = false;
  let open = true;
  if (isOpen(major)) version = `0.0.0${pre}`;
  else if (isOpen(minor)) {
    minorOpen = true;
    version = `${major}.0.0${pre}`;
  } else if (isOpen(patch)) {
    patchOpen = true;
    version = `${major}${minor}.0${pre}`;
  } else open = false;
  const parsedVersion = parseVersion(version);
  if (typeof parsedVersion === 'string') return 'constraint parser error';
  return { operator: operator!, version: parsedVersion, text: written!, minorOpen, patchOpen, open };
}

function isOpen(part: string | undefined): boolean {
  return part === undefined || part === '' || /^\.?[xX*]$/.test(part);
}

/** Whether the version satisfies the constraint. */
export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.groups.some((group) =>
    group.conditions.every((condition) => (version.pre === '' || group.admitsPre) && holds(version, condition)),
  );
}

/** `satisfies` on texts; what cannot be parsed matches nothing. */
export function matchesConstraint(constraint: string, version: string): boolean {
  const parsedConstraint = parseConstraint(constraint);
  const parsedVersion = parseVersion(version);
  if (typeof parsedConstraint === 'string' || typeof parsedVersion === 'string') return false;
  return satisfies(parsedVersion, parsedConstraint);
}

function holds(v: Version, condition: Condition): boolean {
  const c = condition.version;
  switch (condition.operator) {
    case '':
    case '=':
      return condition.open ? tilde(v, condition) : compareVersions(v, c) === 0;
    case '!=':
      return differs(v, condition);
    case '>':
      return greater(v, condition);
    case '<':
      return compareVersions(v, c) < 0;
    case '>=':
    case '=>':
      return compareVersions(v, c) >= 0;
    case '<=':
    case '=<':
      if (!condition.open) return compareVersions(v, c) <= 0;
      return v.major < c.major || (v.major === c.major && (v.minor <= c.minor || condition.minorOpen));
    case '^':
      return caret(v, condition);
    default:
      return tilde(v, condition);
  }
}

function differs(v: Version, { version: c, open, minorOpen, patchOpen }: Condition): boolean {
  if (open) {
    if (c.major !== v.major) return true;
    if (c.minor !== v.minor && !minorOpen) return true;
    if (minorOpen) return false;
    if (c.patch !== v.patch && !patchOpen) return true;
    if (patchOpen) return comparePre(v.pre, c.pre) !== 0;
  }
  return compareVersions(v, c) !== 0;
}

function greater(v: Version, { version: c, open, minorOpen, patchOpen }: Condition): boolean {
  if (!open) return compareVersions(v, c) > 0;
  if (v.major !== c.major) return v.major > c.major;
  if (minorOpen) return false;
  if (patchOpen) return v.minor > c.minor;
  return compareVersions(v, c) > 0;
}

function tilde(v: Version, { version: c, minorOpen, patchOpen }: Condition): boolean {
  if (compareVersions(v, c) < 0) return false;
  if (c.major === 0n && c.minor === 0n && c.patch === 0n && !minorOpen && !patchOpen) return true;
  return v.major === c.major && (v.minor === c.minor || minorOpen);
}

function caret(v: Version, { version: c, minorOpen, patchOpen }: Condition): boolean {
  if (compareVersions(v, c) < 0) return false;
  if (c.major > 0n || minorOpen) return v.major === c.major;
  if (v.major > 0n) return false;
  if (c.minor > 0n || patchOpen) return v.minor === c.minor;
  return v.minor === 0n && v.patch === c.patch;
}
