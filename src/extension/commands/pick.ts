/** Choosing an object from the palette, where a command was not started on a tree item. */
import { l10n, type QuickPickItem, window } from 'vscode';
import type { ObjectName, PlacedName, TreeNode } from '../../protocol/index.ts';
import { objectOf, type Sluice } from './command.ts';

/** The object that the command was started on, or one that the person picks from those that can do it. */
export async function pickObject(
  sluice: Sluice,
  argument: unknown,
  can: NonNullable<TreeNode['can']>[number],
  title: string,
): Promise<PlacedName | undefined> {
  const given = objectOf(argument);
  if (given !== undefined) return given;
  const nodes = sluice.client.request('sluice/fluxObjects', {});
  const items = nodes.then((all) => all.filter((node) => node.can?.includes(can)).map(itemOf));
  if ((await items).length === 0) {
    const state = await sluice.client.request('sluice/clusterState', {});
    void window.showInformationMessage(
      state.state === 'connected' ? l10n.t('No Flux object of the cluster can do that.') : state.message,
    );
    return undefined;
  }
  const picked = await window.showQuickPick(items, { title, matchOnDescription: true });
  return picked?.object;
}

function itemOf(node: TreeNode): QuickPickItem & { readonly object: ObjectName } {
  return {
    label: `${node.object!.kind} ${node.object!.name}`,
    ...(node.description === undefined ? {} : { description: node.description }),
    object: node.object!,
  };
}
