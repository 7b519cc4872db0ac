/** Provider (notification.toolkit.fluxcd.io): where events are sent. */
import { boolean, type Field, node, string } from '../field.ts';
import { credentials, type FluxKind } from '../kind.ts';

export interface ProviderView {
  readonly suspend: boolean;
  readonly type?: Field<string> | undefined;
  readonly address?: Field<string> | undefined;
  readonly channel?: Field<string> | undefined;
  readonly username?: Field<string> | undefined;
  readonly proxy?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly commitStatusExpr?: Field<string> | undefined;
}

export const provider: FluxKind<ProviderView> = {
  group: 'notification.toolkit.fluxcd.io',
  kind: 'Provider',
  plural: 'providers',
  versions: ['v1beta1', 'v1beta2', 'v1beta3'],
  deprecated: ['v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      type: string(spec, 'type'),
      address: string(spec, 'address'),
      channel: string(spec, 'channel'),
      username: string(spec, 'username'),
      proxy: string(spec, 'proxy'),
      secretRef: string(spec, 'secretRef', 'name'),
      commitStatusExpr: string(spec, 'commitStatusExpr'),
    };
  },
  references: (object) => credentials(node(object, 'spec')),
};
