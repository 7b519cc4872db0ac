/**
 * What a person sees of a request that takes a while: a notification with the server's news, where it can be canceled.
 * What is quick as a rule shows in its view and in the status bar, and as a notification only when it takes long.
 */
import { type CancellationToken, CancellationTokenSource, type Progress, ProgressLocation, window } from 'vscode';
import type { ServerNotifications } from '../../protocol/index.ts';
import type { Sluice } from '../commands/command.ts';

/** What is still running after this is worth a notification, in milliseconds. */
const long = 3000;

type Report = Progress<{ readonly message?: string; readonly increment?: number }>;
type News = ServerNotifications['sluice/progress'];

/** Runs `work` under a notification; undefined when the person canceled it. `heard` is told the server's news of it, too. */
export async function withProgress<T>(
  sluice: Sluice,
  title: string,
  work: (run: string, token: CancellationToken) => Promise<T>,
  heard: (news: News) => void = () => undefined,
): Promise<T | undefined> {
  const run = sluice.newRun();
  const options = { location: ProgressLocation.Notification, cancellable: true, title };
  return await window.withProgress<T | undefined>(options, async (progress, token) => {
    let last = 0;
    const listening = sluice.client.on('sluice/progress', (news) => {
      if (news.run !== run) return;
      const { message, done, total } = news;
      progress.report(total && done ? { message, increment: ((done - last) * 100) / total } : { message });
      last = done ?? last;
      heard(news);
    });
    try {
      return await work(run, token);
    } catch (error) {
      if (!token.isCancellationRequested) throw error;
      return undefined;
    } finally {
      listening.dispose();
    }
  });
}

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
