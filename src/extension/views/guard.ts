/** Before anything is written: a read-only context refuses, and a protected one wants its name typed. */
import { l10n, window } from 'vscode';
import type { ClusterState, Left, PlacedName } from '../../protocol/index.ts';
import type { Sluice } from '../commands/command.ts';

export interface Permission {
  /** The context's name as it was typed, where that was asked for. */
  readonly confirmed?: string;
}

export interface Guarded {
  readonly name: string;
  readonly protection: 'protected' | 'read-only';
}

/** What guards the other clusters that suspended objects are in. */
export function guardsOf({ suspended }: Left, objects: readonly PlacedName[]): readonly Guarded[] {
  const servers = new Set(objects.flatMap(({ cluster }) => cluster ?? []));
  const found = suspended.flatMap(({ object: { cluster }, protection }): Guarded[] =>
    cluster !== undefined && servers.has(cluster) && protection !== undefined ? [{ name: cluster, protection }] : [],
  );
  return found.filter(({ name }, index) => found.findIndex((one) => one.name === name) === index);
}

/** undefined when nothing may be written, or the person thought better of it. */
export async function askToWrite(
  { cluster }: Sluice,
  what: string,
  /** Of clusters beside the chosen one that would be written to as well. */
  others: readonly Guarded[] = [],
): Promise<Permission | undefined> {
  const { context, protection } = cluster();
  if (context === undefined) return {};
  const all = [...(protection === undefined ? [] : [{ name: context, protection }]), ...others];
  if (all.length === 0) return {};
  const readOnly = all.find((one) => one.protection === 'read-only');
  if (readOnly !== undefined) {
    return void window.showWarningMessage(
      readOnlyWords(readOnly.name === context ? cluster() : { context: readOnly.name }),
    );
  }
  const confirmed = await window.showInputBox({
    title: l10n.t('{0}: {1} is protected', what, all[0]!.name),
    prompt: l10n.t('Type the name of the context to go on.'),
    placeHolder: context,
    ignoreFocusOut: true,
    validateInput: (typed) => (typed === '' || context.startsWith(typed) ? undefined : l10n.t('It is {0}.', context)),
  });
  return confirmed === context ? { confirmed } : undefined;
}

/** That nothing is written, and which setting or variable says so. */
export function readOnlyWords({ context = '', protectedBy }: Pick<ClusterState, 'context' | 'protectedBy'>): string {
  if (protectedBy === undefined) return l10n.t('{0} is read-only here: nothing is written to it.', context);
  return l10n.t('{0} is read-only ({1}): nothing is written to it.', context, protectedBy);
}
