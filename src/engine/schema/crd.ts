/** A CustomResourceDefinition in the workspace or a cluster, as the kinds and schemas that it defines. */
import { get, type Mapping, text } from '../yaml/node.ts';
import { toJson } from '../yaml/resolve.ts';
import type { PackKind, PackReader } from './pack.ts';
import type { Schema } from './schema.ts';

/** The kinds of many CRDs, read like a pack. What a CRD does not say well is left out: the API server judges the CRD. */
export function readCrds(crds: readonly Mapping[]): PackReader {
  const kinds: PackKind[] = [];
  const schemas = new Map<string, () => Schema>();
  for (const crd of crds) {
    const spec = get(crd, 'spec');
    const group = text(get(spec, 'group'));
    const kind = text(get(get(spec, 'names'), 'kind'));
    const versions = get(spec, 'versions');
    if (group === undefined || kind === undefined || versions?.kind !== 'sequence') continue;
    for (const item of versions.items) {
      const version = text(get(item, 'name'));
      const schema = get(get(item, 'schema'), 'openAPIV3Schema');
      if (version === undefined || text(get(item, 'served')) === 'false') continue;
      const definition = `${group}/${version}/${kind}`;
      kinds.push({
        group,
        version,
        kind,
        plural: text(get(get(spec, 'names'), 'plural')) ?? '',
        namespaced: text(get(spec, 'scope')) !== 'Cluster',
        definition,
        ...(text(get(item, 'deprecated')) === 'true'
          ? { deprecated: text(get(item, 'deprecationWarning')) ?? `${group}/${version} ${kind} is deprecated` }
          : {}),
      });
      schemas.set(definition, () =>
        schema?.kind === 'mapping'
          ? (toJson(schema, 'kyaml') as unknown as Schema)
          : { 'x-kubernetes-preserve-unknown-fields': true },
      );
    }
  }
  const read = new Map<string, Schema | undefined>();
  return {
    kinds,
    definition(name) {
      if (!read.has(name)) read.set(name, schemas.get(name)?.());
      return read.get(name);
    },
  };
}
