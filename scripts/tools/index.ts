/** The list: one line for each tool, in the order in which they are built, and which of them each suite needs. */
import { flate } from './flate.ts';
import { flux } from './flux.ts';
import { fluxOperator } from './flux-operator.ts';
import { kwok } from './kwok.ts';
import { fromRig, install, type Tool } from './tool.ts';

const kubernetes = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  .map((at) => `-X ${at}.gitVersion=v1.36.3 -X ${at}.gitMajor=1 -X ${at}.gitMinor=36`)
  .join(' ');

export const tools: readonly Tool[] = [
  install(
    'kustomize',
    'sigs.k8s.io/kustomize/kustomize/v5',
    'v5.8.2',
    '-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.2',
  ),
  fromRig('gitserve', {}),
  {
    ...fromRig('kubebox', { link: kubernetes }),
    aliases: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
  },
  fromRig('kustomize-controller', { main: 'github.com/fluxcd/kustomize-controller' }),
  fromRig('source-controller', { main: 'github.com/fluxcd/source-controller' }),
  fromRig('helm-controller', { main: 'github.com/fluxcd/helm-controller' }),
  flux,
  kwok,
  install('helm3', 'helm.sh/helm/v3/cmd/helm', 'v3.22.0', '-X helm.sh/helm/v3/internal/version.version=v3.22.0'),
  install('helm4', 'helm.sh/helm/v4/cmd/helm', 'v4.3.1', '-X helm.sh/helm/v4/internal/version.version=v4.3.1'),
  install('age', 'filippo.io/age/cmd/age', 'v1.3.2'),
  install('age-keygen', 'filippo.io/age/cmd/age-keygen', 'v1.3.2'),
  install('sops', 'github.com/getsops/sops/v3/cmd/sops', 'v3.13.3'),
  fromRig('yaml-oracle', { folder: '../../oracle/yaml' }),
  fromRig('kustomization-oracle', { folder: '../../oracle/kustomization' }),
  fromRig('helmrelease-oracle', { folder: '../../oracle/helmrelease' }),
  flate,
  fluxOperator,
  install('versitygw', 'github.com/versity/versitygw/cmd/versitygw', 'v1.8.0'),
  install('registry', 'github.com/distribution/distribution/v3/cmd/registry', 'v3.1.2'),
];

/** Suite → the tools that it cannot do without. */
const perSuite: Readonly<Record<string, readonly string[]>> = {
  cluster: ['gitserve', 'kubebox', 'kustomize-controller', 'source-controller', 'helm-controller', 'flux', 'kwok'],
  sources: ['registry', 'versitygw', 'helm4'],
  render: ['kustomize', 'helm3', 'helm4', 'flux', 'flux-operator', 'kustomization-oracle', 'helmrelease-oracle'],
  secrets: ['age', 'age-keygen', 'sops'],
  yaml: ['yaml-oracle'],
  bench: ['kustomize', 'flate'],
};

/** Everything that a check of a change runs. On two cores and an empty cache, about 24 minutes. */
export const suites: Readonly<Record<string, readonly string[]>> = {
  ...perSuite,
  ci: tools.map((tool) => tool.name).filter((name) => name !== 'flate'),
};
