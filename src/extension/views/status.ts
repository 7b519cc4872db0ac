/** The status bar: which context this window shows, and whether it answers. One click chooses another. */
import { type Disposable, l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import type { ClusterState, Left } from '../../protocol/index.ts';
import { type CommandId, viewIds } from '../contributions.ts';
import { readOnlyWords } from './guard.ts';

export interface Status extends Disposable {
  show(state: ClusterState): void;
}

export function createStatus(): Status {
  const command: CommandId = 'sluice.chooseContext';
  let item: StatusBarItem | undefined;
  return {
    show(state) {
      if (state.context === undefined) return item?.hide();
      item ??= window.createStatusBarItem('sluice.context', StatusBarAlignment.Left, 10);
      item.name = l10n.t('Sluice: context');
      item.command = command;
      const guard = guardWords(state);
      item.text = [icons[state.state], state.context, state.protection === undefined ? '' : '$(lock)'].join(' ').trim();
      item.tooltip = [`${state.context} (${state.server ?? ''})`, state.message, guard].filter(Boolean).join('\n');
      const label = l10n.t('Cluster context {0}, {1}', state.context, state.message);
      item.accessibilityInformation = { label: [label, guard].filter(Boolean).join(', ') };
      item.backgroundColor =
        state.state === 'failed' || state.state === 'lost'
          ? new ThemeColor('statusBarItem.warningBackground')
          : undefined;
      item.show();
    },
    dispose: () => item?.dispose(),
  };
}

export interface WayBack extends Disposable {
  show(left: Left): void;
}

/** What an apply left suspended, in the status bar for as long as it is; one click leads to the way back. */
export function createWayBack(): WayBack {
  let item: StatusBarItem | undefined;
  return {
    show({ suspended }) {
      if (suspended.length === 0) return item?.hide();
      item ??= window.createStatusBarItem('sluice.suspended', StatusBarAlignment.Left, 9);
      item.name = l10n.t('Sluice: suspended by an apply');
      item.command = `${viewIds.plan}.focus`;
      item.text = `$(debug-pause) ${l10n.t('{0} suspended by Sluice', suspended.length)}`;
      item.tooltip = suspended.map(({ object, note }) => `${object.kind} ${object.name}: ${note}`).join('\n');
      item.show();
    },
    dispose: () => item?.dispose(),
  };
}

function guardWords(state: ClusterState): string {
  if (state.protection === undefined) return '';
  if (state.protection === 'read-only') return readOnlyWords(state);
  return l10n.t('Protected ({0}): its name has to be typed before anything is written to it.', state.protectedBy ?? '');
}

const icons: Readonly<Record<ClusterState['state'], string>> = {
  untrusted: '$(workspace-untrusted)',
  'no-kubeconfig': '$(debug-disconnect)',
  'no-context': '$(debug-disconnect)',
  idle: '$(server-environment)',
  connecting: '$(sync~spin)',
  connected: '$(server-environment)',
  lost: '$(warning)',
  failed: '$(warning)',
};
