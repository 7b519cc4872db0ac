/**
 * The way to the server. The language client and the server process start with the first question that needs them;
 * until then activation has cost nothing but registering names.
 */
import {
  type CancellationToken,
  type Disposable,
  type ExtensionContext,
  extensions,
  type LogOutputChannel,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type {
  Approval,
  ClientNotifications,
  Requests,
  ServerNotifications,
  ServerRequests,
  Settings,
  Start,
} from '../protocol/index.ts';
import { approve } from './approve.ts';
import { settingIds } from './contributions.ts';

export interface Client extends Disposable {
  request<M extends keyof Requests>(
    method: M,
    params: Requests[M][0],
    token?: CancellationToken,
  ): Promise<Requests[M][1]>;
  notify<M extends keyof ClientNotifications>(method: M, params: ClientNotifications[M]): void;
  /** Hears a notification, from now on or from when the server starts. */
  on<M extends keyof ServerNotifications>(method: M, listener: (params: ServerNotifications[M]) => void): Disposable;
  /** Starts the server when it is not running yet. */
  start(): Promise<void>;
}

/** Where a window keeps the chosen context: never in the kubeconfig. */
export const chosenContextKey = 'sluice.context';

export function createClient(context: ExtensionContext, log: LogOutputChannel): Client {
  const listeners = new Map<string, Set<(params: never) => void>>();
  let running: Promise<LanguageClient> | undefined;
  let client: LanguageClient | undefined;

  async function launch(): Promise<LanguageClient> {
    const { LanguageClient, TransportKind } = await import('vscode-languageclient/node');
    const module = context.asAbsolutePath('dist/server.js');
    const made = new LanguageClient(
      'sluice',
      'Sluice',
      {
        run: { module, transport: TransportKind.ipc },
        debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6010'] } },
      },
      {
        // Templates of charts too, under the language that another extension gives them: unsaved edits count.
        documentSelector: [
          { scheme: 'file', language: 'yaml' },
          { scheme: 'file', language: 'helm' },
          { scheme: 'file', pattern: '**/templates/**/*.{tpl,txt}' },
        ],
        outputChannel: log,
        // Asked anew when the server is started again after a crash.
        initializationOptions: () => start(context),
        synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*') },
        progressOnInitialization: false,
      },
    );
    for (const [method, heard] of listeners) listen(made, method, heard);
    const question: string = 'sluice/approve' satisfies keyof ServerRequests;
    made.onRequest<boolean, void>(question, (asked: Approval): Promise<boolean> => approve(context, asked));
    client = made;
    await made.start();
    return made;
  }

  const ready = (): Promise<LanguageClient> => {
    running ??= launch();
    return running;
  };

  return {
    async request(method, params, token) {
      const server = await ready();
      const name: string = method;
      return await (token === undefined ? server.sendRequest(name, params) : server.sendRequest(name, params, token));
    },
    notify(method, params) {
      // Before the server runs there is nobody to tell: what it needs to know is in its start options.
      void running?.then((server) => server.sendNotification(method, params));
    },
    on(method, listener) {
      const heard = listeners.get(method) ?? new Set();
      heard.add(listener as (params: never) => void);
      if (!listeners.has(method)) {
        listeners.set(method, heard);
        if (client !== undefined) listen(client, method, heard);
      }
      return { dispose: () => void heard.delete(listener as (params: never) => void) };
    },
    start: async () => void (await ready()),
    dispose: () => void running?.then((server) => server.stop()),
  };
}

function listen(client: LanguageClient, method: string, heard: ReadonlySet<(params: never) => void>): void {
  client.onNotification(method, (params) => {
    for (const listener of heard) listener(params as never);
  });
}

function start(context: ExtensionContext): Start {
  const chosen = context.workspaceState.get<string>(chosenContextKey);
  return {
    ...(chosen === undefined ? {} : { context: chosen }),
    settings: readSettings(),
    storage: context.globalStorageUri.fsPath,
    trusted: workspace.isTrusted,
    yamlSyntaxElsewhere: extensions.getExtension('redhat.vscode-yaml') !== undefined,
  };
}

export function readSettings(): Settings {
  const settings = workspace.getConfiguration();
  return {
    kubeconfig: settings.get<string>(settingIds.kubeconfig, ''),
    ageKeyFile: settings.get<string>(settingIds.ageKeyFile, ''),
    fetchCharts: settings.get<boolean>(settingIds.fetchCharts, false),
    sources: settings.get<Readonly<Record<string, string>>>(settingIds.sources, {}),
    protectedContexts: settings.get<string[]>(settingIds.protectedContexts, []),
    readOnlyContexts: settings.get<string[]>(settingIds.readOnlyContexts, []),
  };
}
