/** Values that a person asked to see in the clear: read-only documents held in memory alone, closed with the plan. */
import { type Disposable, l10n, Uri, window, workspace } from 'vscode';
import type { Revealed } from '../../protocol/index.ts';

const scheme = 'sluice-revealed';
const texts = new Map<string, string>();

export function registerRevealed(): Disposable {
  return workspace.registerTextDocumentContentProvider(scheme, {
    // A window that was loaded again opens its tabs again, but has no values.
    provideTextDocumentContent: (uri) => texts.get(uri.path) ?? `# ${l10n.t('These values are no longer shown.')}\n`,
  });
}

export async function showRevealed(title: string, values: Revealed['values']): Promise<void> {
  const uri = Uri.from({ scheme, path: `/${title} (${l10n.t('revealed')}).yaml` });
  // A document that was open before would keep what it showed.
  await closeRevealed();
  texts.set(uri.path, values.map(lines).join('\n'));
  await window.showTextDocument(uri, { preview: true });
}

export async function closeRevealed(): Promise<void> {
  texts.clear();
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  const shown = tabs.filter(({ input }) => (input as { readonly uri?: Uri } | undefined)?.uri?.scheme === scheme);
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
