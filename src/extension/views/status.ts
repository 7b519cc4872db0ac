/** The status bar: which context this window shows, and whether it answers. One click chooses another. */
import { type Disposable, l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import type { ClusterState } from '../../protocol/index.ts';
import type { CommandId } from '../contributions.ts';

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
      const guard = state.protection === undefined ? '' : guards[state.protection];
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

const guards: Readonly<Record<NonNullable<ClusterState['protection']>, string>> = {
  protected: 'protected: its name has to be typed before anything is written',
  'read-only': 'read-only: nothing is written to it',
};

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
