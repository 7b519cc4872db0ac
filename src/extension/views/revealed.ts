/** Values that a person asked to see in the clear: read-only documents held in memory alone, closed with the plan. */
import { Disposable, l10n, type Tab, TabInputText, Uri, window, workspace } from 'vscode';
import type { Revealed } from '../../protocol/index.ts';

const scheme = 'sluice-revealed';
/** By the number of the document: each reveal makes one of its own, so that none shows what another one showed. */
const texts = new Map<string, string>();
let count = 0;

export function registerRevealed(): Disposable {
  return Disposable.from(
    workspace.registerTextDocumentContentProvider(scheme, {
      // A window that was loaded again opens its tabs again, but has no values.
      provideTextDocumentContent: (uri) => texts.get(uri.query) ?? `# ${l10n.t('These values are no longer shown.')}\n`,
    }),
    // Closed is hidden again: a tab that is brought back has no values either.
    window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const tab of closed) texts.delete(uriOf(tab)?.query ?? '');
    }),
  );
}

function uriOf({ input }: Tab): Uri | undefined {
  const uri = input instanceof TabInputText ? input.uri : undefined;
  return uri?.scheme === scheme ? uri : undefined;
}

export async function showRevealed(title: string, values: Revealed['values']): Promise<void> {
  const uri = Uri.from({ scheme, path: `/${title} (${l10n.t('revealed')}).yaml`, query: `${++count}` });
  await closeRevealed();
  texts.set(uri.query, values.map(lines).join('\n'));
  await window.showTextDocument(uri, { preview: true });
}

export async function closeRevealed(): Promise<void> {
  texts.clear();
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  const shown = tabs.filter((tab) => uriOf(tab) !== undefined);
  if (shown.length > 0) await window.tabGroups.close(shown);
}

function lines({ path, before, after }: Revealed['values'][number]): string {
  if (before === after) return `# ${path}\n${side('value', before)}`;
  return `# ${path}\n${side('before', before)}${side('after', after)}`;
}

function side(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  if (!value.includes('\n')) return `${name}: ${JSON.stringify(value)}\n`;
  return `${name}: |\n${value.replace(/\n$/, '').replace(/^/gm, '  ')}\n`;
}
