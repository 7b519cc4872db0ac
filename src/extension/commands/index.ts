/** The list: one line for each command. */
import { apply } from './apply.ts';
import { applySelected } from './apply-selected.ts';
import { chooseContext } from './choose-context.ts';
import { closePlan } from './close-plan.ts';
import type { Command } from './command.ts';
import { dismissUnfinished } from './dismiss-unfinished.ts';
import { fetchCharts } from './fetch-charts.ts';
import { followCommit } from './follow-commit.ts';
import { goToRendered } from './go-to-rendered.ts';
import { goToSource } from './go-to-source.ts';
import { openAllChanges } from './open-all-changes.ts';
import { openChange } from './open-change.ts';
import { openLive } from './open-live.ts';
import { openSource } from './open-source.ts';
import { previewFlux } from './preview-flux.ts';
import { previewHelm } from './preview-helm.ts';
import { previewKustomize } from './preview-kustomize.ts';
import { pushAndFollow } from './push-and-follow.ts';
import { reconcile } from './reconcile.ts';
import { reconcileWithSource } from './reconcile-with-source.ts';
import { refresh } from './refresh.ts';
import { refreshPlan } from './refresh-plan.ts';
import { resume } from './resume.ts';
import { resumeAll } from './resume-all.ts';
import { revealSecret } from './reveal-secret.ts';
import { showLog } from './show-log.ts';
import { showMergedValues } from './show-merged-values.ts';
import { showPlan } from './show-plan.ts';
import { showPlanAgainstHead } from './show-plan-against-head.ts';
import { showPlanForFile } from './show-plan-for-file.ts';
import { showPlanForObject } from './show-plan-for-object.ts';
import { showPlanForSelection } from './show-plan-for-selection.ts';
import { suspend } from './suspend.ts';

export const commands: readonly Command[] = [
  apply,
  chooseContext,
  closePlan,
  fetchCharts,
  followCommit,
  goToRendered,
  goToSource,
  openAllChanges,
  openChange,
  openLive,
  openSource,
  previewFlux,
  previewHelm,
  previewKustomize,
  reconcile,
  reconcileWithSource,
  refresh,
  refreshPlan,
  resume,
  showLog,
  showMergedValues,
  showPlan,
  showPlanAgainstHead,
  suspend,
  applySelected,
  dismissUnfinished,
  resumeAll,
  revealSecret,
  showPlanForFile,
  showPlanForObject,
  showPlanForSelection,
  pushAndFollow,
];
