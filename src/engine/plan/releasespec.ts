/** What a HelmRelease says about how its release is installed, upgraded and uninstalled; defaults are helm-controller's. */
import type { ObjectId } from '../objects/object.ts';
import { commonMetadataDigest, postRenderersDigest } from '../release/index.ts';
import { shortenedName } from '../render/index.ts';
import { at, intAt, stringAt } from '../status/fields.ts';
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
  /** What helm-controller does about objects that differ from the deployed revision. */
  readonly drift: 'enabled' | 'warn' | 'disabled';
  /** What changes the chart's output; the record does not say it, and the HelmRelease's status does. */
  readonly postRenderersDigest: string;
  readonly commonMetadataDigest: string;
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
  const mode = stringAt(object, 'spec', 'driftDetection', 'mode');
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
    drift: mode === 'enabled' || mode === 'warn' ? mode : 'disabled',
    postRenderersDigest: postRenderersDigest(at(object, 'spec')),
    commonMetadataDigest: commonMetadataDigest(at(object, 'spec')),
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

interface NotDone {
  readonly path: readonly string[];
  readonly words: string;
  /** The values that ask for it; any value when absent. */
  readonly values?: readonly Json[];
}

const notDoneHere: readonly NotDone[] = [
  { path: ['test', 'enable'], words: 'its tests are not run' },
  { path: ['install', 'remediation', 'retries'], words: 'a failed install is not remediated' },
  { path: ['upgrade', 'remediation', 'retries'], words: 'a failed upgrade is not remediated' },
  { path: ['upgrade', 'cleanupOnFail'], words: 'a failed upgrade leaves what it created' },
  { path: ['upgrade', 'preserveValues'], words: "the last release's values are not preserved" },
  { path: ['upgrade', 'force'], words: 'nothing is replaced by force' },
  { path: ['healthCheckExprs'], words: 'its health check expressions are not evaluated' },
  { path: ['install', 'serverSideApply'], words: 'it is applied by the server', values: [false] },
  { path: ['upgrade', 'serverSideApply'], words: 'it is applied by the server', values: ['disabled'] },
  {
    path: ['postRenderStrategy'],
    words: 'its hooks go through the post renderers with everything else',
    values: ['separate', 'nohooks'],
  },
  {
    path: ['uninstall', 'deletionPropagation'],
    words: 'it is uninstalled in the background',
    values: ['foreground', 'orphan'],
  },
];

function notDone(object: Json | undefined): readonly string[] {
  return notDoneHere.flatMap(({ path, words, values }) => {
    const value = at(object, 'spec', ...path);
    const asked = values === undefined ? Boolean(value) : value !== undefined && values.includes(value);
    return asked ? [`${words} (spec.${path.join('.')})`] : [];
  });
}
