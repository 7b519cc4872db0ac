/** Receiver (notification.toolkit.fluxcd.io): a webhook that makes Flux look at objects now. */
import { boolean, type Field, items, node, string, strings } from '../field.ts';
import { credentials, type FluxKind, type Reference, reference } from '../kind.ts';

export interface ReceiverView {
  readonly suspend: boolean;
  readonly type?: Field<string> | undefined;
  readonly events: readonly Field<string>[];
  readonly resources: readonly Reference[];
  readonly secretRef?: Field<string> | undefined;
}

export const receiver: FluxKind<ReceiverView> = {
  group: 'notification.toolkit.fluxcd.io',
  kind: 'Receiver',
  plural: 'receivers',
  versions: ['v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      type: string(spec, 'type'),
      events: strings(spec, 'events'),
      resources: items(spec, 'resources').flatMap((item) => reference(item, { role: 'target' })),
      secretRef: string(spec, 'secretRef', 'name'),
    };
  },
  references(object) {
    const spec = node(object, 'spec');
    return [...credentials(spec), ...items(spec, 'resources').flatMap((item) => reference(item, { role: 'target' }))];
  },
};
