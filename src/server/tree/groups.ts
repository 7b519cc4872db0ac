/** The headings of the tree and the Flux kinds under each: a new kind is one line. */
import type { KindName } from '../store.ts';

export interface Group {
  readonly id: string;
  readonly label: string;
  readonly kinds: readonly KindName[];
}

const source = 'source.toolkit.fluxcd.io';
const image = 'image.toolkit.fluxcd.io';
const notification = 'notification.toolkit.fluxcd.io';

export const groups: readonly Group[] = [
  {
    id: 'sources',
    label: 'Sources',
    kinds: [
      { group: source, kind: 'GitRepository' },
      { group: source, kind: 'OCIRepository' },
      { group: source, kind: 'HelmRepository' },
      { group: source, kind: 'HelmChart' },
      { group: source, kind: 'Bucket' },
      { group: source, kind: 'ExternalArtifact' },
    ],
  },
  {
    id: 'kustomizations',
    label: 'Kustomizations',
    kinds: [{ group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization' }],
  },
  {
    id: 'releases',
    label: 'Helm releases',
    kinds: [{ group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' }],
  },
  {
    id: 'images',
    label: 'Image automation',
    kinds: [
      { group: image, kind: 'ImageRepository' },
      { group: image, kind: 'ImagePolicy' },
      { group: image, kind: 'ImageUpdateAutomation' },
    ],
  },
  {
    id: 'notifications',
    label: 'Notifications',
    kinds: [
      { group: notification, kind: 'Provider' },
      { group: notification, kind: 'Alert' },
      { group: notification, kind: 'Receiver' },
    ],
  },
];

export const fluxKinds: readonly KindName[] = groups.flatMap((group) => group.kinds);
