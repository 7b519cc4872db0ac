/** `labels` and `commonLabels`: labels on objects, and where asked for on selectors, templates and volume claims. */
import { type Config, mergeSpecs, specOf } from '../config.ts';
import { decodeMapping, list, pairs, struct } from '../decode.ts';
import { type FieldSpec, fieldSpec } from '../fieldspec.ts';
import { fieldSpecEntry, type Label } from '../kustomization.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { setEntries } from './setentries.ts';

const config = struct('LabelTransformer', { labels: pairs, fieldSpecs: list(fieldSpecEntry) });

export const labels: TransformerKind = {
  name: 'LabelTransformer',
  fromKustomization(kustomization, { config: tables }) {
    const { labels: entries = [], commonLabels = [] } = kustomization;
    if (entries.length === 0 && commonLabels.length === 0) return [];
    const steps = entries.map((label) => {
      const specs = specsOf(label, tables);
      return (map: Parameters<typeof setEntries>[0]) => setEntries(map, label.pairs ?? [], specs);
    });
    // With labels of either kind there is a step for the common ones, be it empty: transformer annotations list it.
    steps.push((map) => setEntries(map, commonLabels, tables.commonLabels));
    return steps;
  },
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const specs = (read.fieldSpecs ?? []).map(specOf);
    return (map) => setEntries(map, read.labels ?? [], specs);
  },
};

const onObjects = fieldSpec('metadata/labels', true);

function specsOf(label: Label, tables: Config): readonly FieldSpec[] {
  const own = mergeSpecs((label.fields ?? []).map(specOf), tables.labels);
  if (label.includeSelectors === true) return mergeSpecs(own, tables.commonLabels);
  let specs = own;
  if (label.includeTemplates === true) specs = mergeSpecs(specs, tables.templateLabels);
  if (label.includeVolumeClaimTemplates === true) specs = mergeSpecs(specs, tables.volumeClaimTemplateLabels);
  return mergeSpecs(specs, [onObjects]);
}
