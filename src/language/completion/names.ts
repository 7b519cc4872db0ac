/** Names of objects where a reference asks for one, and the namespaces that the workspace has. */
import type { Path } from '../../engine/index.ts';
import type { Asked, Source } from './completion.ts';

/** The kind that a field refers to when nothing beside the name says so. */
const kindOfField: { readonly [field: string]: string } = {
  secretRef: 'Secret',
  certSecretRef: 'Secret',
  proxySecretRef: 'Secret',
  configMapRef: 'ConfigMap',
  configMapKeyRef: 'ConfigMap',
  secretKeyRef: 'Secret',
  imageRepositoryRef: 'ImageRepository',
  providerRef: 'Provider',
  policyRef: 'ImagePolicy',
  sourceRef: 'GitRepository',
  chartRef: 'OCIRepository',
};

const ownKind = new Set(['dependsOn']);

export const names: Source = function* (asked, cursor) {
  const { workspace } = asked;
  if (cursor.key === 'namespace') {
    const found = new Set(workspace.objects.flatMap(({ id }) => (id.kind === 'Namespace' ? id.name : id.namespace)));
    for (const name of found) {
      if (name !== '' && !name.includes('${')) yield option(name, 'namespace');
    }
    return;
  }
  const field =
    cursor.key === 'name' ? lastField(cursor.path) : cursor.key === 'serviceAccountName' ? cursor.key : undefined;
  if (field === undefined || cursor.path[0] === 'metadata') return;
  const kind = cursor.siblings.get('kind') ?? fallbackKind(field, asked);
  if (kind === undefined) return;
  const seen = new Set<string>();
  for (const { id, path } of workspace.objects) {
    if (id.kind !== kind || id.name === '' || seen.has(`${id.namespace}/${id.name}`)) continue;
    seen.add(`${id.namespace}/${id.name}`);
    yield option(id.name, id.namespace === '' ? path : `${id.namespace}, ${path}`);
  }

  function option(label: string, detail: string) {
    return { label, kind: 'object' as const, detail, insert: label, start: cursor.start, end: cursor.end, rank: 2 };
  }
};

function fallbackKind(field: string, { kind }: Asked): string | undefined {
  if (field === 'serviceAccountName') return 'ServiceAccount';
  return ownKind.has(field) ? kind : kindOfField[field];
}

function lastField(path: Path): string | undefined {
  return path.findLast((step) => typeof step === 'string') as string | undefined;
}
