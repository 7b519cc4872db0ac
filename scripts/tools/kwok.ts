/**
 * kwok pretends to be a node's kubelet. It does nothing without stages that say how nodes and pods change; its own ones
 * for "at once" are in its module and are put beside the binary as `kwok-stages.yaml`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { install, moduleFolder, type Tool } from './tool.ts';

const version = 'v0.8.0';
const plain = install('kwok', 'sigs.k8s.io/kwok/cmd/kwok', version);

export const kwok: Tool = {
  ...plain,
  stamp: `${plain.stamp} with stages`,
  build(file, scratch) {
    plain.build(file, scratch);
    const stages = join(moduleFolder('sigs.k8s.io/kwok', version), 'kustomize/stage');
    const lease = readdirSync(join(stages, 'node/heartbeat-with-lease')).sort();
    const files = [
      'node/fast/node-initialize.yaml',
      ...lease.filter((name) => name.startsWith('node-')).map((name) => `node/heartbeat-with-lease/${name}`),
      ...['ready', 'complete', 'delete'].map((name) => `pod/fast/pod-${name}.yaml`),
    ];
    const text = files.map((name) => readFileSync(join(stages, name), 'utf8')).join('\n---\n');
    writeFileSync(join(dirname(file), 'kwok-stages.yaml'), text);
  },
};
