/**
 * What becomes of every field of the kinds that bring files: followed, of no meaning outside a cluster, or said in a note.
 * A test walks Flux's own CRDs against this list, so that a new field is decided about and none is passed over in silence.
 */
import { getPath, type Mapping, text } from '../yaml/node.ts';

/** `cluster`: when and by whom the cluster reads the source, not what it holds. An object: one sentence says what is missing. */
export type FieldUse =
  | 'followed'
  | 'cluster'
  | { readonly note: string /** Said of this value alone. */; readonly value?: string };

type Fields = Readonly<Record<string, FieldUse>>;

const timing: Fields = { interval: 'cluster', timeout: 'cluster', suspend: 'cluster' };
const access: Fields = {
  'secretRef.name': 'followed',
  'certSecretRef.name': 'followed',
  'proxySecretRef.name': 'followed',
  provider: 'followed',
};
const account: Fields = {
  serviceAccountName: {
    note: 'what the ServiceAccount of spec.serviceAccountName may read is known to the cluster alone',
  },
};
const unverified = { note: 'its signature is verified by the cluster alone, not here' } as const;
const cosign: Fields = {
  'verify.provider': unverified,
  'verify.secretRef.name': unverified,
  'verify.matchOIDCIdentity.issuer': unverified,
  'verify.matchOIDCIdentity.subject': unverified,
};

export const sourceFields: Readonly<Record<string, Fields>> = {
  GitRepository: {
    ...timing,
    ...account,
    url: 'followed',
    'ref.branch': 'followed',
    'ref.tag': 'followed',
    'ref.semver': 'followed',
    'ref.name': 'followed',
    'ref.commit': 'followed',
    'secretRef.name': 'followed',
    'proxySecretRef.name': 'followed',
    provider: 'followed',
    ignore: 'followed',
    sparseCheckout: 'followed',
    recurseSubmodules: 'followed',
    'include.repository.name': 'followed',
    'include.fromPath': 'followed',
    'include.toPath': 'followed',
    'verify.mode': unverified,
    'verify.secretRef.name': unverified,
  },
  OCIRepository: {
    ...timing,
    ...access,
    ...account,
    ...cosign,
    url: 'followed',
    'ref.tag': 'followed',
    'ref.semver': 'followed',
    'ref.semverFilter': 'followed',
    'ref.digest': 'followed',
    'layerSelector.mediaType': 'followed',
    'layerSelector.operation': 'followed',
    ignore: 'followed',
    insecure: 'followed',
    'verify.trustedRootSecretRef.name': unverified,
  },
  HelmRepository: {
    ...timing,
    'secretRef.name': 'followed',
    'certSecretRef.name': 'followed',
    provider: 'followed',
    url: 'followed',
    type: 'followed',
    passCredentials: 'followed',
    insecure: 'followed',
    'accessFrom.namespaceSelectors.matchLabels': 'cluster',
  },
  HelmChart: {
    interval: 'cluster',
    suspend: 'cluster',
    ...cosign,
    chart: 'followed',
    version: 'followed',
    'sourceRef.apiVersion': 'followed',
    'sourceRef.kind': 'followed',
    'sourceRef.name': 'followed',
    valuesFiles: 'followed',
    ignoreMissingValuesFiles: 'followed',
    reconcileStrategy: {
      note: "the cluster adds the source's revision to the version of its chart",
      value: 'Revision',
    },
  },
  Bucket: {
    ...timing,
    ...access,
    ...account,
    bucketName: 'followed',
    endpoint: 'followed',
    region: 'followed',
    prefix: 'followed',
    ignore: 'followed',
    insecure: 'followed',
    // Refused by name where they would decide the credentials.
    'sts.provider': 'followed',
    'sts.endpoint': 'followed',
    'sts.secretRef.name': 'followed',
    'sts.certSecretRef.name': 'followed',
  },
  ExternalArtifact: {
    // Who made it: the files are those of the generator that names it.
    'sourceRef.apiVersion': 'cluster',
    'sourceRef.kind': 'cluster',
    'sourceRef.name': 'cluster',
    'sourceRef.namespace': 'cluster',
  },
  ArtifactGenerator: {
    'sources.alias': 'followed',
    'sources.kind': 'followed',
    'sources.name': 'followed',
    'sources.namespace': 'followed',
    pathPattern: 'followed',
    'artifacts.name': 'followed',
    'artifacts.copy.from': 'followed',
    'artifacts.copy.to': 'followed',
    'artifacts.copy.exclude': 'followed',
    'artifacts.copy.strategy': 'followed',
    // They name the artifact's revision, not its files.
    'artifacts.revision': 'cluster',
    'artifacts.originRevision': 'cluster',
    'commonMetadata.labels': 'cluster',
    'commonMetadata.annotations': 'cluster',
  },
};

/** One sentence for each thing that the source asks for and that is not done here. */
export function sourceNotes(kind: string, title: string, source: Mapping): readonly string[] {
  const said = new Map<string, string[]>();
  for (const [path, use] of Object.entries(sourceFields[kind] ?? {})) {
    if (typeof use === 'string') continue;
    const value = getPath(source, ['spec', ...path.split('.')]);
    if (value === undefined || (use.value !== undefined && use.value !== text(value))) continue;
    const known = said.get(use.note) ?? [];
    said.set(use.note, [...known, `spec.${path}: ${text(value) ?? '…'}`]);
  }
  return [...said].map(([note, fields]) => `${title}: ${note} (${fields.join(', ')})`);
}
