/** The processes of a stack, in the order in which they start: one object each. */
import { join } from 'node:path';
import type { Layout } from './layout.ts';

export interface Component {
  readonly name: string;
  /** The tool in the tools' directory. */
  readonly tool: string;
  /** `core` is enough to store, validate and dry-run; the rest makes things happen. */
  readonly part: 'core' | 'full';
  args(layout: Layout): readonly string[];
  /** Answers 200 when the component is ready; absent: see `up.ts`. */
  health?(layout: Layout): string;
}

const loopback = '127.0.0.1';

export const components: readonly Component[] = [
  {
    name: 'etcd',
    tool: 'etcd',
    part: 'core',
    args: ({ file, ports }) => [
      `--data-dir=${file('etcd')}`,
      `--listen-client-urls=http://${loopback}:${ports.etcd}`,
      `--advertise-client-urls=http://${loopback}:${ports.etcd}`,
      `--listen-peer-urls=http://${loopback}:${ports.peer}`,
      `--initial-advertise-peer-urls=http://${loopback}:${ports.peer}`,
      `--initial-cluster=default=http://${loopback}:${ports.peer}`,
      // Nothing here needs to survive a power cut.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  },
  {
    name: 'kube-apiserver',
    tool: 'kube-apiserver',
    part: 'core',
    args: ({ file, ports }) => [
      `--etcd-servers=http://${loopback}:${ports.etcd}`,
      `--bind-address=${loopback}`,
      `--advertise-address=${loopback}`,
      // A loopback address may not be advertised as an endpoint.
      '--endpoint-reconciler-type=none',
      `--secure-port=${ports.api}`,
      `--tls-cert-file=${file('server.crt')}`,
      `--tls-private-key-file=${file('server.key')}`,
      `--cert-dir=${file('apiserver')}`,
      `--client-ca-file=${file('ca.crt')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('accounts.key')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--allow-privileged=true',
      '--profiling=false',
    ],
  },
  {
    name: 'kube-controller-manager',
    tool: 'kube-controller-manager',
    part: 'full',
    args: ({ file, kubeconfig }) => [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${file('accounts.key')}`,
      `--root-ca-file=${file('ca.crt')}`,
      ...unhurried,
    ],
  },
  {
    name: 'kube-scheduler',
    tool: 'kube-scheduler',
    part: 'full',
    args: ({ kubeconfig }) => [`--kubeconfig=${kubeconfig}`, ...unhurried],
  },
  {
    name: 'kwok',
    tool: 'kwok',
    part: 'full',
    args: ({ bin, kubeconfig }) => [
      `--kubeconfig=${kubeconfig}`,
      `--config=${join(bin, 'kwok-stages.yaml')}`,
      '--manage-all-nodes=false',
      '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
      '--cidr=10.0.0.1/16',
      '--node-ip=10.0.0.1',
      '--node-lease-duration-seconds=40',
      '--server-address=',
    ],
  },
  {
    name: 'gitserve',
    tool: 'gitserve',
    part: 'full',
    args: ({ git, ports }) => [`-root=${git}`, `-addr=${loopback}:${ports.git}`],
    health: ({ ports }) => `http://${loopback}:${ports.git}/healthz`,
  },
  {
    name: 'source-controller',
    tool: 'source-controller',
    part: 'full',
    args: ({ file, ports }) => [
      ...controller(ports.sourceHealth),
      `--storage-path=${file('artifacts')}`,
      `--storage-addr=${loopback}:${ports.artifacts}`,
      `--storage-adv-addr=${loopback}:${ports.artifacts}`,
    ],
    health: ({ ports }) => `http://${loopback}:${ports.sourceHealth}/readyz`,
  },
  {
    name: 'kustomize-controller',
    tool: 'kustomize-controller',
    part: 'full',
    args: ({ ports }) => [
      ...controller(ports.kustomizeHealth),
      '--requeue-dependency=5s',
      // Feeds it from any HTTP server, without source-controller.
      '--feature-gates=ExternalArtifact=true',
    ],
    health: ({ ports }) => `http://${loopback}:${ports.kustomizeHealth}/readyz`,
  },
  {
    name: 'helm-controller',
    tool: 'helm-controller',
    part: 'full',
    args: ({ ports }) => [
      ...controller(ports.helmHealth),
      '--requeue-dependency=5s',
      '--feature-gates=ExternalArtifact=true',
      // As Flux is sharded: a release with this label is somebody else's. Nobody here has such a shard.
      `--watch-label-selector=${unsharded}`,
    ],
    health: ({ ports }) => `http://${loopback}:${ports.helmHealth}/readyz`,
  },
];

/** What the rig's helm-controller watches; see `up.ts`, which says so in the cluster, too. */
export const unsharded = '!sharding.fluxcd.io/key';

/** For the two of Kubernetes: nobody else leads, no port of their own, no waiting for their own rate limit. */
const unhurried = ['--leader-elect=false', '--secure-port=0', '--kube-api-qps=500', '--kube-api-burst=1000'];

function controller(health: number): readonly string[] {
  return [
    '--watch-all-namespaces=true',
    '--events-addr=',
    '--metrics-addr=0',
    `--health-addr=${loopback}:${health}`,
    '--concurrent=10',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--log-level=info',
  ];
}
