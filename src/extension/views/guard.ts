/** Before anything is written: a read-only context refuses, and a protected one wants its name typed. */
import { l10n, window } from 'vscode';
import type { Sluice } from '../commands/command.ts';

export interface Permission {
  /** The context's name as it was typed, where that was asked for. */
  readonly confirmed?: string;
}

/** undefined when nothing may be written, or the person thought better of it. */
export async function askToWrite({ cluster }: Sluice, what: string): Promise<Permission | undefined> {
  const { context, protection } = cluster();
  if (context === undefined || protection === undefined) return {};
  if (protection === 'read-only') {
    const why = l10n.t(
      '{0} is read-only in the settings (sluice.readOnlyContexts): nothing is written to it.',
      context,
    );
    return void window.showWarningMessage(why);
  }
  const confirmed = await window.showInputBox({
    title: l10n.t('{0}: {1} is protected', what, context),
    prompt: l10n.t('Type the name of the context to go on.'),
    placeHolder: context,
    ignoreFocusOut: true,
    validateInput: (typed) => (typed === '' || context.startsWith(typed) ? undefined : l10n.t('It is {0}.', context)),
  });
  return confirmed === context ? { confirmed } : undefined;
}
