/** Flux API versions that are deprecated or gone, with the version that replaces them. */
import { get, type Mapping, text } from '../../engine/index.ts';
import { type Diagnostic, type Fix, replace } from '../answer.ts';
import { roots, type Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const deprecated: Check = function* (subject) {
  if (subject.isData) return;
  for (const root of roots(subject.file)) {
    const found = judge(root, subject);
    if (found !== undefined) yield found;
  }
};

function judge(root: Mapping, subject: Subject): Diagnostic | undefined {
  const version = get(root, 'apiVersion');
  const kind = text(get(root, 'kind'));
  if (version?.kind !== 'scalar' || kind === undefined) return undefined;
  const known = subject.schemas.kinds.filter(
    (each) => `${each.group}/${each.version}` === version.text && each.kind === kind && each.group.includes('.fluxcd.'),
  );
  const old = known.find((each) => each.successor !== undefined);
  if (old === undefined) return undefined;
  const next = `${old.group}/${old.successor}`;
  const until = old.servedUntil === undefined ? '' : ` ${old.servedUntil} is the last release that serves it.`;
  const fixes = upgrade(root, next, kind, subject);
  return {
    code: 'flux-deprecated',
    severity: 'warning',
    message: `${version.text} is deprecated: use ${next}.${until}`,
    at: version.at,
    tag: 'deprecated',
    ...(fixes.length > 0 ? { fixes } : {}),
  };
}

/** Only the version changes, so only where the object is just as good in the new one. */
function upgrade(root: Mapping, next: string, kind: string, subject: Subject): readonly Fix[] {
  const version = get(root, 'apiVersion')!;
  if (version.at.file !== subject.file.source.name) return [];
  const before = subject.schemas.validate(root, { partial: subject.isPatch }).length;
  const after = subject.schemas.validate(root, { partial: subject.isPatch, as: { apiVersion: next, kind } });
  if (after.length > before || usesRemovedTemplate(root, next, kind)) return [];
  return [{ title: `Change to ${next}`, edits: [replace(version.at, next)] }];
}

/** Version 1 of ImageUpdateAutomation no longer knows `.Updated` in its message template, which is `.Changed` now. */
function usesRemovedTemplate(root: Mapping, next: string, kind: string): boolean {
  if (kind !== 'ImageUpdateAutomation' || !next.endsWith('/v1')) return false;
  const commit = get(get(get(root, 'spec'), 'git'), 'commit');
  return text(get(commit, 'messageTemplate'))?.includes('.Updated') ?? false;
}
