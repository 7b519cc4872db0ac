/** The shape of a command: one file here, one line in `index.ts`, one entry in `package.json`. */
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { ClusterState, PlacedName, PlanView, TreeNode } from '../../protocol/index.ts';
import type { Client } from '../client.ts';
import type { CommandId } from '../contributions.ts';
import type { FleetElement } from '../tree/fleet.ts';
import type { Changes } from '../views/changes.ts';
import type { PlanElement, PlanTree } from '../views/plan.ts';
import type { PlanPart } from './show-plan.ts';

/** What commands work with. */
export interface Sluice {
  readonly context: ExtensionContext;
  readonly client: Client;
  readonly log: LogOutputChannel;
  readonly plan: PlanTree;
  /** The editors that show its changes. */
  readonly changes: Changes;
  /** Shows a plan in its view, or puts it away. */
  showPlan(plan: PlanView | undefined, part?: PlanPart): void;
  /** What the shown plan was asked for. */
  lastPlan(): PlanPart;
  /** How the chosen cluster is, as the server told last. */
  cluster(): ClusterState;
  /** The rows of the plan that are selected. */
  selectedOfPlan(): readonly PlanElement[];
  /** An apply of these entries begins, or (undefined) has ended: meanwhile the plan stands still and shows how far it is. */
  applying(run: { readonly run: string; readonly entries: readonly string[] } | undefined): void;
  /** A name for one run of something long: the server's progress carries it back. */
  newRun(): string;
}

export interface Command {
  readonly id: CommandId;
  /**
   * `argument` is what the menu was opened on: a tree element, a URI, or nothing from the palette; `selected`, what is
   * selected with it in a tree that lets several be.
   */
  run(sluice: Sluice, argument: unknown, selected?: readonly PlanElement[]): Promise<void> | void;
}

/** The tree node that a command was started on, if it was. */
export function nodeOf(argument: unknown): TreeNode | undefined {
  const element = argument as Partial<FleetElement> | undefined;
  return element?.node?.id === undefined ? undefined : element.node;
}

/** The object that a command was started on: in the cluster's tree or in the plan. */
export function objectOf(argument: unknown): PlacedName | undefined {
  const element = argument as PlanElement | undefined;
  if (element?.type === 'item') return element.item.object;
  if (element?.type === 'group') return element.group.owner;
  if (element?.type === 'suspension') return element.suspension.object;
  return nodeOf(argument)?.object;
}
