/** The situations of releases that helm-controller and Sluice are compared in. */
import { gzipSync } from 'node:zlib';
import { type ReleaseFleet, recordIn } from './release-fleet.ts';
import type { Rig } from './rig.ts';

export interface Step {
  /** Of the HelmRelease's spec, indented by two; `NS` is the namespace. */
  readonly spec?: string;
  readonly values?: string;
  /** Files of the chart that change with this step. */
  readonly chart?: Readonly<Record<string, string>>;
  /** What happens before it. */
  readonly before?: (it: Rig, fleet: ReleaseFleet) => Promise<void>;
  /** Nothing is made of it, and it is tried again for ever. */
  readonly refused?: true;
}

export interface Situation {
  readonly name: string;
  readonly steps: readonly Step[];
}

const config = `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-config }
data: { greeting: {{ .Values.greeting | default "none" | quote }} }
`;
/** The server refuses its key: the hook fails at once. */
const failing = `{{- range .Values.failing }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $.Release.Name }}-failing
  annotations: { helm.sh/hook: {{ . }} }
data: { "not/a key": "" }
---
{{- end }}
`;
const never = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: {{ .Release.Name }}-never }
spec: { accessModes: [ReadWriteOnce], storageClassName: nobody, resources: { requests: { storage: 1Gi } } }
`;
const definition = (name: string, short: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${name}s.NS.${name}.example.com }
spec:
  group: NS.${name}.example.com
  names: { kind: ${name[0]!.toUpperCase()}${name.slice(1)}, plural: ${name}s, shortNames: [${short}] }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
const hook = (name: string, events: string, policies: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  annotations: { helm.sh/hook: "${events}", helm.sh/hook-weight: "-5"${policies === '' ? '' : `, helm.sh/hook-delete-policy: "${policies}"`} }
`;
const hooks = (name: string) =>
  [
    hook(`${name}-a`, 'pre-install,pre-upgrade,pre-delete', 'hook-succeeded'),
    hook(`${name}-b`, 'pre-upgrade', 'before-hook-creation,hook-failed'),
    hook(`${name}-c`, 'post-install,post-upgrade,post-delete,post-rollback', ''),
  ].join('---\n');
const base = { 'templates/config.yaml': config, 'templates/failing.yaml': failing };

const checks = `  healthCheckExprs:
    - { apiVersion: v1, kind: ConfigMap, current: "data.greeting == 'good'", failed: "data.greeting == 'bad'" }
`;

export const situations: readonly Situation[] = [
  { name: 'failed', steps: [{ chart: base, values: '{ failing: [post-install] }' }, { values: '{ greeting: hi }' }] },
  {
    name: 'retried',
    steps: [
      { chart: base, values: '{ failing: [post-install] }', spec: '  install: { remediation: { retries: 1 } }\n' },
    ],
  },
  {
    name: 'remedied',
    steps: [
      {
        chart: base,
        values: '{ failing: [post-install] }',
        spec: '  install: { remediation: { retries: 1, remediateLastFailure: true } }\n',
      },
    ],
  },
  {
    name: 'rolled',
    steps: [
      { chart: base },
      { values: '{ failing: [post-upgrade] }', spec: '  upgrade: { remediation: { retries: 1 } }\n' },
    ],
  },
  {
    name: 'upinst',
    steps: [
      { chart: base },
      {
        values: '{ failing: [post-upgrade] }',
        spec: '  upgrade: { remediation: { retries: 0, remediateLastFailure: true, strategy: uninstall } }\n',
      },
    ],
  },
  {
    name: 'tested',
    steps: [
      {
        chart: base,
        spec: '  test: { enable: true, filters: [{ name: tested-failing, exclude: true }] }\n',
        values: '{ failing: [test] }',
      },
      { spec: '  test: { enable: true, ignoreFailures: true }\n', values: '{ failing: [test], greeting: two }' },
    ],
  },
  {
    name: 'untested',
    steps: [
      {
        chart: base,
        spec: '  test: { enable: true }\n  install: { remediation: { ignoreTestFailures: true } }\n',
        values: '{ failing: [test] }',
      },
    ],
  },
  {
    name: 'testremedy',
    steps: [
      { chart: base, spec: '  test: { enable: true }\n' },
      { spec: '  test: { enable: true }\n  upgrade: { remediation: { retries: 1 } }\n', values: '{ failing: [test] }' },
    ],
  },
  {
    name: 'keephist',
    steps: [
      {
        chart: base,
        values: '{ failing: [post-install] }',
        spec: '  install: { remediation: { remediateLastFailure: true } }\n  uninstall: { keepHistory: true }\n',
      },
      { values: '{ greeting: two }', spec: '  install: { replace: true }\n  uninstall: { keepHistory: true }\n' },
      { values: '{ greeting: three }', spec: '  uninstall: { keepHistory: true, deletionPropagation: foreground }\n' },
    ],
  },
  {
    name: 'locked',
    steps: [
      { chart: base },
      { values: '{ greeting: two }', before: pending('locked', 1, 'pending-install') },
      { values: '{ greeting: three }', before: pending('locked', 2, 'pending-upgrade') },
    ],
  },
  {
    name: 'stale',
    steps: [
      { chart: base },
      { values: '{ greeting: two }' },
      { values: '{ greeting: three }', before: pending('stale', 2, 'pending-rollback') },
    ],
  },
  {
    name: 'nowait',
    steps: [
      { chart: { ...base, 'templates/never.yaml': never }, spec: '  install: { disableWait: true }\n' },
      { values: '{ greeting: two }', spec: '  upgrade: { disableWait: true }\n  uninstall: { disableWait: true }\n' },
    ],
  },
  {
    name: 'refused',
    steps: [
      {
        chart: base,
        before: foreign('refused-config'),
        spec: '  install: { disableTakeOwnership: true }\n',
        refused: true,
      },
      { spec: '  upgrade: { disableTakeOwnership: true }\n' },
    ],
  },
  {
    name: 'crdskip',
    steps: [
      { chart: { ...base, 'crds/one.yaml': definition('crdskip', 'one') }, spec: '  install: { crds: Skip }\n' },
      { chart: { 'crds/one.yaml': definition('crdskip', 'two') }, spec: '  upgrade: { crds: Create }\n' },
    ],
  },
  {
    // The policy is there from the beginning: the controller may see a chart before the spec that came with it.
    name: 'crdkeep',
    steps: [
      { chart: { ...base, 'crds/one.yaml': definition('crdkeep', 'one') }, spec: '  upgrade: { crds: Skip }\n' },
      { chart: { 'crds/one.yaml': definition('crdkeep', 'two') }, spec: '  upgrade: { crds: Skip }\n' },
    ],
  },
  {
    name: 'crdreplace',
    steps: [
      {
        chart: { ...base, 'crds/one.yaml': definition('crdreplace', 'one') },
        spec: '  install: { crds: CreateReplace }\n',
      },
      { chart: { 'crds/one.yaml': definition('crdreplace', 'two') }, spec: '  upgrade: { crds: CreateReplace }\n' },
    ],
  },
  {
    name: 'longname-of-a-release-that-is-much-longer-than-53-chars',
    steps: [
      { chart: base, spec: '  targetNamespace: NS\n' },
      { values: '{ greeting: two }', spec: '  targetNamespace: NS\n' },
    ],
  },
  {
    name: 'renamed',
    steps: [{ chart: base }, { spec: '  releaseName: renamed-to\n' }],
  },
  {
    name: 'rechart',
    steps: [{ chart: base }, { chart: { 'Chart.yaml': 'apiVersion: v2\nname: other\nversion: 1.0.2\n' } }],
  },
  {
    name: 'hooked',
    steps: [
      {
        chart: {
          ...base,
          'templates/hooks.yaml': hooks('hooked'),
        },
      },
      { values: '{ failing: [pre-upgrade] }', spec: '  upgrade: { remediation: { remediateLastFailure: true } }\n' },
      { values: '{ greeting: three }', spec: '  persistentClient: false\n' },
    ],
  },
  {
    name: 'checked',
    steps: [
      { chart: base, spec: checks, values: '{ greeting: good }' },
      { spec: checks, values: '{ greeting: bad }' },
      { spec: `${checks}  waitStrategy: { name: poller }\n`, values: '{ greeting: good }' },
    ],
  },
];

/** Leaves a revision as an operation that was killed leaves it. */
function pending(name: string, revision: number, status: string): NonNullable<Step['before']> {
  return async (it, { namespace }) => {
    const secret = `sh.helm.release.v1.${name}.v${revision}`;
    const { data } = JSON.parse(await it.kubectl(['get', 'secret', '-n', namespace, secret, '-o', 'json'])) as {
      data: { release: string };
    };
    const record = recordIn(data.release) as { info: { status: string } };
    record.info.status = status;
    const release = Buffer.from(gzipSync(JSON.stringify(record)).toString('base64')).toString('base64');
    const patch = JSON.stringify({ metadata: { labels: { status } }, data: { release } });
    await it.kubectl(['patch', 'secret', '-n', namespace, secret, '--type=merge', '-p', patch]);
  };
}

function foreign(name: string): NonNullable<Step['before']> {
  return async (it, { namespace }) => {
    await it.kubectl(['create', 'configmap', name, '-n', namespace, '--from-literal=whose=nobody']);
  };
}
