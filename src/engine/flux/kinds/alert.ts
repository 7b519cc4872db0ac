/** Alert (notification.toolkit.fluxcd.io): which events go to a Provider. */
import type { Mapping } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, type StringEntry, string, stringMap, strings } from '../field.ts';
import { type FluxKind, type Reference, reference } from '../kind.ts';

export interface EventSource {
  readonly source: Reference;
  readonly matchLabels?: Mapping | undefined;
}

export interface AlertView {
  readonly suspend: boolean;
  readonly provider?: Reference | undefined;
  readonly severity: 'info' | 'error';
  readonly sources: readonly EventSource[];
  readonly inclusionList: readonly Field<string>[];
  readonly exclusionList: readonly Field<string>[];
  readonly eventMetadata: readonly StringEntry[];
  readonly summary?: Field<string> | undefined;
}

export const alert: FluxKind<AlertView> = {
  group: 'notification.toolkit.fluxcd.io',
  kind: 'Alert',
  plural: 'alerts',
  versions: ['v1beta1', 'v1beta2', 'v1beta3'],
  deprecated: ['v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      provider: provider(object)[0],
      severity: string(spec, 'eventSeverity')?.value === 'error' ? 'error' : 'info',
      sources: items(spec, 'eventSources').flatMap((item) => {
        const source = reference(item, { role: 'watched' })[0];
        return source === undefined ? [] : [{ source, matchLabels: mapping(item, 'matchLabels') }];
      }),
      inclusionList: strings(spec, 'inclusionList'),
      exclusionList: strings(spec, 'exclusionList'),
      eventMetadata: stringMap(spec, 'eventMetadata'),
      summary: string(spec, 'summary'),
    };
  },
  references: (object) => [
    ...provider(object),
    ...items(object, 'spec', 'eventSources').flatMap((item) => reference(item, { role: 'watched' })),
  ],
};

function provider(object: Mapping): readonly Reference[] {
  const ref = node(object, 'spec', 'providerRef');
  return reference(ref, { role: 'provider', kind: 'Provider', group: 'notification.toolkit.fluxcd.io' });
}
