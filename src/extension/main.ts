/**
 * What VS Code calls. Activation registers names and nothing else: the language client, the server and the cluster wait
 * for the first view, YAML file or command that needs them.
 */
import { type ExtensionContext, commands as editor, l10n, window, workspace } from 'vscode';
import type { ClusterState } from '../protocol/index.ts';
import { createClient, readSettings } from './client.ts';
import { complain } from './commands/act.ts';
import type { Sluice } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { contextKeys, settingIds, viewIds } from './contributions.ts';
import { FleetTree } from './tree/fleet.ts';
import { registerDocuments } from './views/documents.ts';
import { createPlanning } from './views/planning.ts';
import { createStatus } from './views/status.ts';

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('Sluice', { log: true });
  const client = createClient(context, log);
  const fleet = window.createTreeView(viewIds.fleet, {
    treeDataProvider: new FleetTree(client),
    showCollapseAll: true,
  });
  const status = createStatus();
  const planning = createPlanning(client);
  let runs = 0;
  const sluice: Sluice = {
    context,
    client,
    log,
    ...planning,
    newRun: () => `run-${++runs}`,
  };

  context.subscriptions.push(
    log,
    client,
    fleet,
    planning,
    status,
    registerDocuments(client),
    ...commands.map(({ id, run }) =>
      editor.registerCommand(id, async (argument: unknown, selected: unknown) => {
        try {
          await run(sluice, argument, Array.isArray(selected) ? selected : undefined);
        } catch (error) {
          await complain(sluice, reasonOf(error));
        }
      }),
    ),
    fleet.onDidCollapseElement(({ element }) => client.notify('sluice/collapsed', { id: element.node.id })),
    client.on('sluice/clusterChanged', (state) => {
      status.show(state);
      fleet.description = state.context ?? '';
      fleet.message = troubleOf(state);
      planning.connected(state);
      void editor.executeCommand('setContext', contextKeys.state, state.state);
    }),
    workspace.onDidGrantWorkspaceTrust(() => client.notify('sluice/trusted', {})),
    workspace.onDidChangeConfiguration((change) => {
      if (Object.values(settingIds).some((id) => change.affectsConfiguration(id))) {
        client.notify('sluice/settings', readSettings());
      }
    }),
  );
  startForYaml(sluice);
}

/** Why there is no connection, in the view itself: a welcome view could not say it. */
function troubleOf({ state, message }: ClusterState): string {
  const stop = /[.!?]$/.test(message) ? '' : '.';
  if (state === 'lost') return `${message}${stop} ${l10n.t('It is tried again; what was known is shown.')}`;
  if (state !== 'failed') return '';
  return `${message}${stop} ${l10n.t('Try again, or choose another context, in the title of this view.')}`;
}

/** What the server said, without the words that the connection puts around it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Request sluice\/\w+ failed with message: /, '');
}

export function deactivate(): void {}

/** The server gives problems and hovers, so it starts with the first YAML file, once the editor has had its turn. */
function startForYaml({ client, context, log }: Sluice): void {
  const isYaml = (document: { readonly languageId: string }): boolean => document.languageId === 'yaml';
  const start = (): void => void client.start().catch((error) => log.error(`The server did not start: ${error}`));
  if (workspace.textDocuments.some(isYaml)) return void setTimeout(start, 0);
  const opened = workspace.onDidOpenTextDocument((document) => {
    if (!isYaml(document)) return;
    opened.dispose();
    start();
  });
  context.subscriptions.push(opened);
}
