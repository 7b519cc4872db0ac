/** References that lead nowhere: nothing in the workspace declares, generates or templates what they name. */
import { flux, type Link, type Severity, type WorkspaceObject } from '../../engine/index.ts';
import { type Diagnostic, type Fix, replace } from '../answer.ts';
import { namesOf } from '../names.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const reference: Check = function* (subject) {
  if (subject.isPatch || subject.isData) return;
  for (const object of subject.file.objects) {
    for (const link of subject.workspace.linksFrom(object)) {
      const found = judge(link, object, subject);
      if (found !== undefined) yield found;
    }
  }
};

function judge(link: Link, object: WorkspaceObject, { workspace, isUnused }: Subject): Diagnostic | undefined {
  const { reference, targets } = link;
  const severity = isUnused && severityOf(link) !== undefined ? 'hint' : severityOf(link);
  if (targets.length > 0 || reference.optional || severity === undefined) return undefined;
  const names = namesOf(workspace);
  if (names.isDeclared(link) || isBootstrapped(link)) return undefined;
  const namespace = reference.namespace ?? object.id.namespace;
  const title = `${reference.kind} ${namespace === '' ? '' : `${namespace}/`}${reference.name}`;
  const near = names.suggestion(link);
  const hint = near === undefined ? advice(link) : `did you mean ${near}?`;
  const { at } = reference.node;
  const fixes: readonly Fix[] = near === undefined ? [] : [{ title: `Change to ${near}`, edits: [replace(at, near)] }];
  const message = `No file declares ${title}; ${hint}`;
  return { code: 'flux-reference', severity, message, at, ...(fixes.length > 0 ? { fixes } : {}) };
}

/**
 * How bad it is that a file is missing. Sources and the like belong into the repository; Secrets usually do not, and
 * what is watched or checked may come out of a chart.
 */
function severityOf({ reference }: Link): Severity | undefined {
  switch (reference.role) {
    case 'depends-on':
      return isFluxKind(reference) ? 'warning' : undefined;
    case 'source':
    case 'chart':
    case 'image-repository':
    case 'image-policy':
    case 'provider':
      return 'warning';
    case 'config-map':
    case 'input':
      return reference.kind === 'Secret' ? 'hint' : 'warning';
    case 'secret':
      return 'hint';
    case 'watched':
    case 'target':
      // Flux Operator's own objects usually come out of its chart.
      return isFluxKind(reference) && !isOperatorKind(reference.kind) ? 'warning' : undefined;
    case 'service-account':
      return undefined;
  }
}

/** Other kinds come out of charts, operators and hands that no file shows. */
function isFluxKind({ kind, group }: Link['reference']): boolean {
  return flux.fluxKinds.some((each) => each.kind === kind && (group === undefined || each.group === group));
}

function isOperatorKind(kind: string): boolean {
  return flux.fluxKinds.some((each) => each.kind === kind && each.group === 'fluxcd.controlplane.io');
}

/** What `flux bootstrap` and Flux Operator make in the cluster, though a repository may not show it. */
function isBootstrapped({ reference }: Link): boolean {
  return reference.name === 'flux-system';
}

function advice({ reference }: Link): string {
  return reference.kind === 'Secret'
    ? 'it must be in the cluster already.'
    : 'unless it is in the cluster already, this will never become ready.';
}
