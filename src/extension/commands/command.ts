/** The shape of a command: one file here, one line in `index.ts`, one entry in `package.json`. */
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { ObjectName, PlanView, TreeNode } from '../../protocol/index.ts';
import type { Client } from '../client.ts';
import type { CommandId } from '../contributions.ts';
import type { FleetElement } from '../tree/fleet.ts';
import type { PlanElement, PlanTree } from '../views/plan.ts';

/** What commands work with. */
export interface Sluice {
  readonly context: ExtensionContext;
  readonly client: Client;
  readonly log: LogOutputChannel;
  readonly plan: PlanTree;
  /** Shows a plan in its view, or puts it away. */
  showPlan(plan: PlanView | undefined): void;
  /** A name for one run of something long: the server's progress carries it back. */
  newRun(): string;
}

export interface Command {
  readonly id: CommandId;
  /** `argument` is what the menu was opened on: a tree element, a URI, or nothing from the palette. */
  run(sluice: Sluice, argument: unknown): Promise<void> | void;
}

/** The tree node that a command was started on, if it was. */
export function nodeOf(argument: unknown): TreeNode | undefined {
  const element = argument as Partial<FleetElement> | undefined;
  return element?.node?.id === undefined ? undefined : element.node;
}

/** The object that a command was started on: in the cluster's tree or in the plan. */
export function objectOf(argument: unknown): ObjectName | undefined {
  const element = argument as PlanElement | undefined;
  if (element?.type === 'item') return element.item.object;
  if (element?.type === 'group') return element.group.owner;
  return nodeOf(argument)?.object;
}
