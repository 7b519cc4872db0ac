/** The IAM policy generator: a ServiceAccount bound to a Google service account. Only in `generators`. */
import type { Entry, Origin, Scalar } from '../../yaml/node.ts';
import { decodeMapping, string, struct } from '../decode.ts';
import { Refusal } from '../refusal.ts';
import { resource } from '../resource.ts';
import { type GeneratorKind, pluginReading } from '../step.ts';

const config = struct('IAMPolicyGenerator', {
  cloud: string,
  kubernetesService: struct('KubernetesService', { name: string, namespace: string }),
  serviceAccount: struct('ServiceAccount', { name: string, projectId: string }),
});

export const iamPolicy: GeneratorKind = {
  name: 'IAMPolicyGenerator',
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const cloud = read.cloud?.text ?? '';
    if (cloud !== 'gke') throw new Refusal(`cloud provider ${cloud} not supported yet`, read.cloud?.at ?? node.at);
    const { kubernetesService: service, serviceAccount: account } = read;
    return () => {
      const at = account?.at ?? node.at;
      const address = `${account?.name?.text ?? ''}@${account?.projectId?.text ?? ''}.iam.gserviceaccount.com`;
      const annotation = entry('iam.gke.io/gcp-service-account', address, at);
      const metadata: Entry[] = [
        { key: text('annotations', at), value: { kind: 'mapping', entries: [annotation], at } },
        entry('name', service?.name?.text ?? '', service?.name?.at ?? at),
      ];
      const namespace = service?.namespace;
      if (namespace?.text) metadata.push(entry('namespace', namespace.text, namespace.at));
      const entries = [
        entry('apiVersion', 'v1', at),
        entry('kind', 'ServiceAccount', at),
        { key: text('metadata', at), value: { kind: 'mapping' as const, entries: metadata, at } },
      ];
      return [resource({ kind: 'mapping', entries, at })];
    };
  },
};

const text = (value: string, at: Origin): Scalar => ({ kind: 'scalar', text: value, style: 'plain', tag: '!!str', at });
const entry = (key: string, value: string, at: Origin): Entry => ({ key: text(key, at), value: text(value, at) });
