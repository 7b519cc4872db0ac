/** API versions and kinds that nobody serves, in groups that are known here; and objects that only half say what they are. */
import {
  get,
  type Mapping,
  nearest,
  type PackKind,
  type Problem,
  type Scalar,
  type Severity,
} from '../../engine/index.ts';
import { type Diagnostic, type Fix, replace } from '../answer.ts';
import { roots, type Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const kind: Check = function* (subject) {
  if (subject.isData) return;
  for (const root of roots(subject.file)) {
    if (subject.kustomization?.root === root) continue;
    const version = get(root, 'apiVersion');
    const name = get(root, 'kind');
    if (version?.kind === 'scalar' && name?.kind === 'scalar') yield* judge(version, name, subject);
    else if (looksLikeObject(root, version ?? name))
      yield halfNamed(root, version === undefined ? 'apiVersion' : 'kind');
  }
};

/** A mapping with metadata and one of the two: Helm values and the like have neither. */
function looksLikeObject(root: Mapping, half: unknown): boolean {
  return half !== undefined && get(root, 'metadata')?.kind === 'mapping';
}

function halfNamed(root: Mapping, missing: string): Problem {
  const at = root.entries[0]!.key.at;
  return { code: 'schema-required', severity: 'error', message: `"${missing}" is missing.`, at };
}

function* judge(version: Scalar, name: Scalar, { schemas }: Subject): Iterable<Diagnostic> {
  if (version.text.includes('$') || name.text.includes('$') || name.text.endsWith('List')) return;
  if (schemas.kind(version.text, name.text) !== undefined) return;
  const slash = version.text.indexOf('/');
  const group = slash < 0 ? '' : version.text.slice(0, slash);
  if (group === '' && !/^v\d/.test(version.text)) return; // Kustomize's own: "builtin" and the like.
  const moved = movedGroups[`${group}/${name.text}`];
  const inGroup = schemas.kinds.filter((each) => each.group === group);
  const same = inGroup.filter((each) => each.kind === name.text);
  const elsewhere = schemas.kinds.filter((each) => each.kind === name.text && each.group !== group);
  if (moved !== undefined) {
    const message = `${version.text} is no longer served; ${name.text} is in ${moved}.`;
    yield unknown(version, message, 'error', moved);
  } else if (same.length > 0) {
    // An old cluster may still serve an old version of a built-in kind; Flux's are all known here.
    const best = versionOf(same.find((each) => each.successor === undefined) ?? same[0]!);
    const message = `${name.text} has no version ${version.text}; use ${best}.`;
    yield unknown(version, message, group.includes('.fluxcd.') ? 'error' : 'warning', best);
  } else if (elsewhere.length > 0 && inGroup.length > 0) {
    const right = versionOf(elsewhere.find((each) => each.successor === undefined) ?? elsewhere[0]!);
    yield unknown(version, `There is no kind ${name.text} in ${version.text}; it is in ${right}.`, 'error', right);
  } else if (inGroup.length > 0 && !isOpenGroup(group)) {
    const near = nearest(name.text, new Set(inGroup.map((each) => each.kind)));
    const message = `There is no kind ${name.text} in ${version.text}`;
    if (near !== undefined) yield unknown(name, `${message}; did you mean ${near}?`, 'error', near);
    else if (group !== '') yield unknown(name, `${message}.`, 'error');
  }
}

/** Groups that others add kinds to, so that an unknown one is no fault. */
function isOpenGroup(group: string): boolean {
  return group === 'apps.kubernetes.io' || group.endsWith('.x-k8s.io') || group === 'kustomize.config.k8s.io';
}

/** Where the kinds of groups went that Kubernetes no longer serves. */
const movedGroups: { readonly [groupAndKind: string]: string } = {
  'extensions/Ingress': 'networking.k8s.io/v1',
  'extensions/NetworkPolicy': 'networking.k8s.io/v1',
  'extensions/Deployment': 'apps/v1',
  'extensions/DaemonSet': 'apps/v1',
  'extensions/ReplicaSet': 'apps/v1',
};

function versionOf({ group, version }: PackKind): string {
  return group === '' ? version : `${group}/${version}`;
}

function unknown(node: Scalar, message: string, severity: Severity, suggestion?: string): Diagnostic {
  const { at } = node;
  const fixes: readonly Fix[] =
    suggestion === undefined ? [] : [{ title: `Change to ${suggestion}`, edits: [replace(at, suggestion)] }];
  return { code: 'schema-unknown-kind', severity, message, at, ...(fixes.length > 0 ? { fixes } : {}) };
}
