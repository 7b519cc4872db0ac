/** What a HelmRelease says about how its release is installed, upgraded and uninstalled; defaults are helm-controller's. */
import type { ObjectId } from '../objects/object.ts';
import { commonMetadataDigest, postRenderersDigest } from '../release/index.ts';
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
  /** A new release may take the name of an uninstalled one whose history was kept. */
  readonly replace: boolean;
  readonly rollback: ReleaseAction;
  /** Helm's tests, where they are enabled. */
  readonly test?: ReleaseTest;
  /** How often a failed action is tried again; on failure: without remediation, and by helm-controller alone. */
  readonly retries: Readonly<Record<'install' | 'upgrade', number | 'on failure'>>;
  /** What follows a failure before it is tried again. */
  readonly remedies: Readonly<Record<'install' | 'upgrade', Remedy>>;
  /** Whether the same follows when no retry is left. */
  readonly remediesLast: Readonly<Record<'install' | 'upgrade', boolean>>;
  /** Whether a failed test counts as a failure of the release. */
  readonly remediesTests: Readonly<Record<'install' | 'upgrade', boolean>>;
  /** It says how an upgrade is applied, and does not go on as before. */
  readonly setsApply: boolean;
  /** A chart of another name upgrades the release; else the release is uninstalled first. */
  readonly keepsWithOtherChart: boolean;
  /** `waitStrategy: legacy`, which takes no health check expressions. */
  readonly waitsAsHelm3: boolean;
  /** A failed upgrade deletes what it created. */
  readonly cleanupOnFail: boolean;
  /** What helm-controller does about objects that differ from the deployed revision. */
  readonly drift: 'enabled' | 'warn' | 'disabled';
  /** What changes the chart's output; the record does not say it, and the HelmRelease's status does. */
  readonly postRenderersDigest: string;
  readonly commonMetadataDigest: string;
  /** What is asked for and not done when Sluice is the reconciler. */
  readonly notDone: readonly string[];
}

export type Remedy = 'rollback' | 'uninstall';

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export interface ReleaseTest extends ReleaseAction {
  readonly ignoreFailures: boolean;
  readonly filters: readonly { readonly name: string; readonly exclude: boolean }[];
}

export interface ReleaseAction {
  /** Milliseconds. */
  readonly timeout: number;
  readonly wait: boolean;
  readonly waitForJobs: boolean;
  readonly hooks: boolean;
  /** Objects that others own are taken over; else they bar the release. */
  readonly takeOwnership: boolean;
  /** What becomes of what the deleted objects own. */
  readonly propagation: Propagation;
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
    rollback: action(object, 'rollback'),
    ...testOf(object),
    replace: at(object, 'spec', 'install', 'replace') === true,
    retries: { install: retriesOf(object, 'install'), upgrade: retriesOf(object, 'upgrade') },
    remedies: {
      install: 'uninstall',
      upgrade:
        stringAt(object, 'spec', 'upgrade', 'remediation', 'strategy') === 'uninstall' ? 'uninstall' : 'rollback',
    },
    remediesLast: { install: remediesLast(object, 'install'), upgrade: remediesLast(object, 'upgrade') },
    remediesTests: { install: remediesTests(object, 'install'), upgrade: remediesTests(object, 'upgrade') },
    setsApply: !['', 'auto'].includes(stringAt(object, 'spec', 'upgrade', 'serverSideApply')),
    keepsWithOtherChart: stringAt(object, 'spec', 'upgrade', 'chartNameChangeStrategy') === 'InPlaceUpdate',
    waitsAsHelm3: stringAt(object, 'spec', 'waitStrategy', 'name') === 'legacy',
    cleanupOnFail: at(object, 'spec', 'upgrade', 'cleanupOnFail') === true,
    drift: mode === 'enabled' || mode === 'warn' ? mode : 'disabled',
    postRenderersDigest: postRenderersDigest(at(object, 'spec')),
    commonMetadataDigest: commonMetadataDigest(at(object, 'spec')),
    notDone: notDone(object),
  };
}

function testOf(object: Json | undefined): { readonly test?: ReleaseTest } {
  if (at(object, 'spec', 'test', 'enable') !== true) return {};
  const filters = listAt(object, 'spec', 'test', 'filters').map((filter) => ({
    name: stringAt(filter, 'name'),
    exclude: at(filter, 'exclude') === true,
  }));
  const ignoreFailures = at(object, 'spec', 'test', 'ignoreFailures') === true;
  return { test: { ...action(object, 'test'), ignoreFailures, filters } };
}

/** Whether a test of this name is run: one that is not excluded, and is named where any is. */
export function runsTest({ filters }: Pick<ReleaseTest, 'filters'>, name: string): boolean {
  if (filters.some((filter) => filter.exclude && filter.name === name)) return false;
  const included = filters.filter(({ exclude }) => !exclude);
  return included.length === 0 || included.some((filter) => filter.name === name);
}

function retriesOf(object: Json | undefined, name: 'install' | 'upgrade'): number | 'on failure' {
  if (stringAt(object, 'spec', name, 'strategy', 'name') === 'RetryOnFailure') return 'on failure';
  // Without an end is told as not done: an apply has one.
  return Math.max(0, intAt(object, ['spec', name, 'remediation', 'retries'], 0));
}

function remediesLast(object: Json | undefined, name: 'install' | 'upgrade'): boolean {
  const retries = intAt(object, ['spec', name, 'remediation', 'retries'], 0);
  const last = at(object, 'spec', name, 'remediation', 'remediateLastFailure') ?? (name === 'upgrade' && retries > 0);
  return last === true || retries < 0;
}

function remediesTests(object: Json | undefined, name: 'install' | 'upgrade'): boolean {
  const own = at(object, 'spec', name, 'remediation', 'ignoreTestFailures');
  return !(own ?? at(object, 'spec', 'test', 'ignoreFailures') ?? false);
}

const propagations: Readonly<Record<string, Propagation>> = { foreground: 'Foreground', orphan: 'Orphan' };

function action(object: Json | undefined, name: string): ReleaseAction {
  const is = (field: string) => at(object, 'spec', name, field) === true;
  const timeout = stringAt(object, 'spec', name, 'timeout') || stringAt(object, 'spec', 'timeout');
  return {
    timeout: parseDuration(timeout) ?? 300_000,
    wait: !is('disableWait'),
    waitForJobs: !is('disableWaitForJobs'),
    hooks: !is('disableHooks'),
    takeOwnership: !is('disableTakeOwnership'),
    propagation: propagations[stringAt(object, 'spec', name, 'deletionPropagation')] ?? 'Background',
  };
}

interface NotDone {
  readonly path: readonly string[];
  readonly words: string;
  /** The values that ask for it; any value when absent. */
  readonly values?: readonly Json[];
}

const notDoneHere: readonly NotDone[] = [
  ...(['install', 'upgrade'] as const).flatMap((action): readonly NotDone[] => [
    {
      path: [action, 'strategy', 'name'],
      words: `a failed ${action} is not tried again after the interval`,
      values: ['RetryOnFailure'],
    },
    {
      path: [action, 'remediation', 'retries'],
      words: `a failed ${action} is remedied and not tried again, as Flux would without an end`,
      values: [-1],
    },
  ]),
  { path: ['upgrade', 'preserveValues'], words: "the last release's values are not preserved" },
  { path: ['waitStrategy', 'name'], words: 'it is waited for by the rules of kstatus', values: ['legacy'] },
  { path: ['install', 'serverSideApply'], words: 'it is applied by the server', values: [false] },
  {
    path: ['upgrade', 'serverSideApply'],
    words: 'it is applied by the server, and nothing is replaced by force',
    values: ['disabled'],
  },
];

function notDone(object: Json | undefined): readonly string[] {
  return notDoneHere.flatMap(({ path, words, values }) => {
    const value = at(object, 'spec', ...path);
    const asked = values === undefined ? Boolean(value) : value !== undefined && values.includes(value);
    return asked ? [`${words} (spec.${path.join('.')})`] : [];
  });
}
