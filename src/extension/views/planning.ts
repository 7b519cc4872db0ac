/**
 * The Plan view and all that goes with the plan: its title and badge, the context keys of its menus, the dangers among the
 * problems, documents with revealed values, and how far an apply is. While one runs, the plan stands still.
 */
import { commands, type Disposable, l10n, window } from 'vscode';
import type { ClusterState, Left, PlanView } from '../../protocol/index.ts';
import type { Client } from '../client.ts';
import type { Sluice } from '../commands/command.ts';
import type { PlanPart } from '../commands/show-plan.ts';
import { contextKeys, viewIds } from '../contributions.ts';
import { createChanges } from './changes.ts';
import { createDangers } from './dangers.ts';
import { readOnlyWords } from './guard.ts';
import { PlanTree, planBadge, planTitle } from './plan.ts';
import { closeRevealed, registerRevealed } from './revealed.ts';
import { createWayBack } from './status.ts';

export interface Planning
  extends Disposable,
    Pick<Sluice, 'plan' | 'changes' | 'showPlan' | 'lastPlan' | 'cluster' | 'selectedOfPlan' | 'applying'> {
  /** The cluster's state changed, or another one was chosen. */
  connected(state: ClusterState): void;
}

export function createPlanning(client: Client): Planning {
  const plan = new PlanTree();
  const view = window.createTreeView(viewIds.plan, {
    treeDataProvider: plan,
    showCollapseAll: true,
    canSelectMany: true,
  });
  const dangers = createDangers();
  const wayBack = createWayBack();
  const changes = createChanges();
  let part: PlanPart = {};
  let cluster: ClusterState = { state: 'idle', message: '' };
  let run: string | undefined;
  /** A plan that came while an apply ran. */
  let held: PlanView | undefined;

  function show(next: PlanView | undefined): void {
    plan.show(next);
    dangers.show(next);
    say();
    view.description = next === undefined ? '' : planTitle(next);
    view.badge = next === undefined ? undefined : planBadge(next);
    const key = next === undefined ? 'none' : next.applicable ? 'applicable' : 'plan';
    void commands.executeCommand('setContext', contextKeys.plan, key);
    void changes.follow(next);
    if (next === undefined) void closeRevealed();
  }

  /** What concerns the whole plan stands above it, where it is not cut off. */
  function say(): void {
    const { behind, message } = plan.plan ?? {};
    const words = [
      cluster.protection === 'read-only' ? readOnlyWords(cluster) : undefined,
      behind && l10n.t('Not as the files are now: {0}', behind),
      message,
    ];
    view.message = words.filter(Boolean).join(' ');
  }

  function showLeft(left: Left): void {
    plan.showLeft(left);
    wayBack.show(left);
  }

  const heard = [
    registerRevealed(),
    client.on('sluice/planChanged', (next) => {
      // A plan that the server made anew because a file changed; one that was put away stays away.
      if (plan.plan === undefined) return;
      if (run === undefined) show(next);
      else held = next;
    }),
    client.on('sluice/applyStep', (news) => {
      if (news.run === run) plan.step(news.step);
    }),
    client.on('sluice/leftChanged', showLeft),
  ];

  return {
    plan,
    changes,
    showPlan(next, asked = {}) {
      part = asked;
      show(next);
    },
    lastPlan: () => part,
    cluster: () => cluster,
    selectedOfPlan: () => view.selection,
    applying(begun) {
      run = begun?.run;
      if (begun !== undefined) return plan.begin(begun.entries);
      plan.end();
      if (held !== undefined && plan.plan !== undefined) show(held);
      held = undefined;
    },
    connected(state) {
      if (state.context !== cluster.context) showLeft({ suspended: [] });
      cluster = state;
      if (plan.plan?.against.kind === 'cluster' && plan.plan.label !== state.context) show(undefined);
      say();
      const readOnly = state.protection === 'read-only';
      void commands.executeCommand('setContext', contextKeys.readOnly, readOnly);
    },
    dispose() {
      for (const one of [view, dangers, wayBack, changes, ...heard]) one.dispose();
    },
  };
}
