/**
 * Every field of a HelmRelease's spec, and what a render makes of it. A test compares the table with the CRD, so that a
 * field that Flux adds is not passed over in silence.
 */
import { node as field } from '../../flux/index.ts';
import type { Mapping } from '../../yaml/node.ts';
import { resolve } from '../../yaml/resolve.ts';

/**
 * - `rendered`: it decides what the release's objects are, and is honoured.
 * - `elsewhere`: the fetch, the plan, the apply or the status rooms look at it.
 * - `carrying-out`: how and when helm-controller does its work; the objects are the same whatever it says.
 */
export type FieldRole = 'rendered' | 'elsewhere' | 'carrying-out';

export const releaseFields: Readonly<Record<string, FieldRole>> = {
  chart: 'rendered',
  chartRef: 'rendered',
  commonMetadata: 'rendered',
  dependsOn: 'elsewhere',
  driftDetection: 'elsewhere',
  healthCheckExprs: 'carrying-out',
  'install.crds': 'rendered',
  // The namespace is no object of the release: the apply makes it.
  'install.createNamespace': 'elsewhere',
  'install.disableHooks': 'carrying-out',
  'install.disableOpenAPIValidation': 'carrying-out',
  'install.disableSchemaValidation': 'rendered',
  'install.disableTakeOwnership': 'carrying-out',
  'install.disableWait': 'carrying-out',
  'install.disableWaitForJobs': 'carrying-out',
  'install.remediation': 'carrying-out',
  'install.replace': 'carrying-out',
  'install.serverSideApply': 'carrying-out',
  // Deprecated, and helm-controller no longer reads it.
  'install.skipCRDs': 'carrying-out',
  'install.strategy': 'carrying-out',
  'install.timeout': 'carrying-out',
  interval: 'carrying-out',
  kubeConfig: 'elsewhere',
  maxHistory: 'carrying-out',
  persistentClient: 'carrying-out',
  postRenderStrategy: 'rendered',
  postRenderers: 'rendered',
  releaseName: 'rendered',
  rollback: 'carrying-out',
  serviceAccountName: 'elsewhere',
  // Where Helm keeps its records; the objects go to the target namespace.
  storageNamespace: 'carrying-out',
  suspend: 'rendered',
  targetNamespace: 'rendered',
  test: 'carrying-out',
  timeout: 'carrying-out',
  uninstall: 'carrying-out',
  'upgrade.chartNameChangeStrategy': 'carrying-out',
  'upgrade.cleanupOnFail': 'carrying-out',
  'upgrade.crds': 'rendered',
  'upgrade.disableHooks': 'carrying-out',
  'upgrade.disableOpenAPIValidation': 'carrying-out',
  'upgrade.disableSchemaValidation': 'rendered',
  'upgrade.disableTakeOwnership': 'carrying-out',
  'upgrade.disableWait': 'carrying-out',
  'upgrade.disableWaitForJobs': 'carrying-out',
  'upgrade.force': 'carrying-out',
  // The values of the release before are in Helm's own records, which are not read: said where it matters.
  'upgrade.preserveValues': 'rendered',
  'upgrade.remediation': 'carrying-out',
  'upgrade.serverSideApply': 'carrying-out',
  'upgrade.strategy': 'carrying-out',
  'upgrade.timeout': 'carrying-out',
  values: 'rendered',
  valuesFrom: 'rendered',
  waitStrategy: 'carrying-out',
};

/** Whether a field is set to something: `true`, a mapping, a list. */
function isOn(object: Mapping, ...path: readonly string[]): boolean {
  const at = field(object, 'spec', ...path);
  return at !== undefined && (at.kind !== 'scalar' || resolve(at, 'kyaml') === true);
}

/** Whether Helm would take values from its own records, which are not read here. */
export function keepsOldValues(object: Mapping, action: 'install' | 'upgrade'): boolean {
  return action === 'upgrade' && isOn(object, 'upgrade', 'preserveValues');
}

/** One sentence for each field whose effect is not known here. */
export function fieldNotes(object: Mapping, action: 'install' | 'upgrade'): readonly string[] {
  const notes: string[] = [];
  if (keepsOldValues(object, action))
    notes.push('upgrade.preserveValues: the values of the release before are not known here');
  return notes;
}
