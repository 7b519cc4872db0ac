/** What a HelmRelease says about how its release is installed, upgraded and uninstalled; defaults are helm-controller's. */
import type { ObjectId } from '../objects/object.ts';
import { shortenedName } from '../render/index.ts';
import { at, intAt, listAt, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { parseDuration } from './duration.ts';

export interface ReleaseSpec {
  readonly name: string;
  /** Where its objects go. */
  readonly namespace: string;
  readonly storageNamespace: string;
  /** Revisions to keep; 0 keeps all. */
  readonly maxHistory: number;
  readonly createNamespace: boolean;
  readonly install: ReleaseAction;
  readonly upgrade: ReleaseAction;
  readonly uninstall: ReleaseAction & { readonly keepHistory: boolean };
  /** Post renderers or common metadata change what the chart renders; the record does not say which it was made with. */
  readonly postRendered: boolean;
  /** What is asked for and not done when Sluice is the reconciler. */
  readonly notDone: readonly string[];
}

export interface ReleaseAction {
  /** Milliseconds. */
  readonly timeout: number;
  readonly wait: boolean;
  readonly waitForJobs: boolean;
  readonly hooks: boolean;
  /** Objects that others own are taken over; else they bar the release. */
  readonly takeOwnership: boolean;
}

export function releaseSpec(id: ObjectId, object: Json | undefined): ReleaseSpec {
  const target = stringAt(object, 'spec', 'targetNamespace');
  return {
    name: shortenedName(stringAt(object, 'spec', 'releaseName'), target, id.name),
    namespace: target || id.namespace,
    storageNamespace: stringAt(object, 'spec', 'storageNamespace') || id.namespace,
    maxHistory: intAt(object, ['spec', 'maxHistory'], 5),
    createNamespace: target !== '' && at(object, 'spec', 'install', 'createNamespace') === true,
    install: action(object, 'install'),
    upgrade: action(object, 'upgrade'),
    uninstall: {
      ...action(object, 'uninstall'),
      keepHistory: at(object, 'spec', 'uninstall', 'keepHistory') === true,
    },
    postRendered:
      listAt(object, 'spec', 'postRenderers').length > 0 || at(object, 'spec', 'commonMetadata') !== undefined,
    notDone: notDone(object),
  };
}

function action(object: Json | undefined, name: string): ReleaseAction {
  const is = (field: string) => at(object, 'spec', name, field) === true;
  const timeout = stringAt(object, 'spec', name, 'timeout') || stringAt(object, 'spec', 'timeout');
  return {
    timeout: parseDuration(timeout) ?? 300_000,
    wait: !is('disableWait'),
    waitForJobs: !is('disableWaitForJobs'),
    hooks: !is('disableHooks'),
    takeOwnership: !is('disableTakeOwnership'),
  };
}

const notDoneHere: readonly (readonly [path: readonly string[], words: string])[] = [
  [['test', 'enable'], 'its tests are not run'],
  [['install', 'remediation', 'retries'], 'a failed install is not remediated'],
  [['upgrade', 'remediation', 'retries'], 'a failed upgrade is not remediated'],
  [['upgrade', 'cleanupOnFail'], 'a failed upgrade leaves what it created'],
  [['upgrade', 'preserveValues'], "the last release's values are not preserved"],
  [['serviceAccountName'], 'it is applied as you, and not as its service account'],
];

function notDone(object: Json | undefined): readonly string[] {
  return notDoneHere.flatMap(([path, words]) => {
    const value = at(object, 'spec', ...path);
    const absent = value === undefined || value === null || value === false || value === 0 || value === '';
    return absent ? [] : [`${words} (spec.${path.join('.')})`];
  });
}
