/**
 * Progress of something that is quick as a rule: shown in its view and in the status bar, and only when it takes long as
 * a notification, where it can be canceled.
 */
import { type CancellationToken, CancellationTokenSource, type Progress, ProgressLocation, window } from 'vscode';
import type { Sluice } from '../commands/command.ts';

/** What is still running after this is worth a notification, in milliseconds. */
const long = 3000;

type Report = Progress<{ readonly message?: string; readonly increment?: number }>;

/** Runs `work`; undefined when the person canceled it. `run` names it, so that the server's news find their way. */
export async function withQuietProgress<T>(
  sluice: Sluice,
  options: { readonly title: string; readonly viewId: string; readonly run: string },
  work: (token: CancellationToken) => Promise<T>,
): Promise<T | undefined> {
  const { title, viewId, run } = options;
  const source = new CancellationTokenSource();
  const reports = new Set<Report>();
  const heard = sluice.client.on('sluice/progress', (news) => {
    if (news.run === run) for (const report of reports) report.report({ message: news.message });
  });
  const done = work(source.token).catch((error: unknown) => {
    if (source.token.isCancellationRequested) return undefined;
    throw error;
  });
  const settled = done.catch(() => undefined);
  const watched = (progress: Report) => {
    reports.add(progress);
    return settled;
  };
  void window.withProgress({ location: { viewId } }, () => settled);
  void window.withProgress({ location: ProgressLocation.Window, title }, watched);
  const timer = setTimeout(() => {
    void window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title },
      (progress, token) => {
        token.onCancellationRequested(() => source.cancel());
        return watched(progress);
      },
    );
  }, long);
  try {
    return await done;
  } finally {
    clearTimeout(timer);
    heard.dispose();
    source.dispose();
  }
}
