/**
 * Every id that `package.json` and the code share, declared once: commands, views, settings, context keys. A test
 * compares this file with `package.json`.
 */

export const commandIds = [
  'sluice.chooseContext',
  'sluice.refresh',
  'sluice.reconcile',
  'sluice.reconcileWithSource',
  'sluice.suspend',
  'sluice.resume',
  'sluice.showPlan',
  'sluice.showPlanAgainstHead',
  'sluice.refreshPlan',
  'sluice.closePlan',
  'sluice.openChange',
  'sluice.openAllChanges',
  'sluice.apply',
  'sluice.applySelected',
  'sluice.dismissUnfinished',
  'sluice.pushAndFollow',
  'sluice.followCommit',
  'sluice.resumeAll',
  'sluice.revealSecret',
  'sluice.showPlanForFile',
  'sluice.showPlanForObject',
  'sluice.showPlanForSelection',
  'sluice.openSource',
  'sluice.openLive',
  'sluice.previewKustomize',
  'sluice.previewFlux',
  'sluice.previewHelm',
  'sluice.showMergedValues',
  'sluice.fetchCharts',
  'sluice.goToSource',
  'sluice.goToRendered',
  'sluice.showLog',
] as const;

export type CommandId = (typeof commandIds)[number];

export const viewIds = { fleet: 'sluice.fleet', plan: 'sluice.plan' } as const;

export const settingIds = {
  kubeconfig: 'sluice.kubeconfig',
  ageKeyFile: 'sluice.ageKeyFile',
  fetchCharts: 'sluice.fetchCharts',
  sources: 'sluice.sources',
  protectedContexts: 'sluice.protectedContexts',
  readOnlyContexts: 'sluice.readOnlyContexts',
} as const;

/** Context keys that menus and welcome views ask. */
export const contextKeys = {
  /** A `ClusterState['state']`. */
  state: 'sluice.state',
  /** `none`, `plan` or `applicable`. */
  plan: 'sluice.plan',
  /** Whether the settings forbid to write to the chosen context. */
  readOnly: 'sluice.readOnly',
} as const;

/** The scheme of what Sluice renders: live objects, the plan's two sides, previews. */
export const scheme = 'sluice';
