/** flux-operator's command line: it builds a ResourceSet as the operator does, and so judges ours. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { go, type Tool } from './tool.ts';

const module = 'github.com/controlplaneio-fluxcd/flux-operator/cmd/cli@v0.59.0';

/** It needs a newer Go than the other tools: the toolchain comes as a module, like everything else. */
export const fluxOperator: Tool = {
  name: 'flux-operator',
  stamp: module,
  build(file, scratch) {
    go(['install', '-trimpath', '-ldflags', '-s -w', module], scratch, { GOBIN: scratch, GOTOOLCHAIN: 'go1.27.0' });
    renameSync(join(scratch, 'cli'), file);
  },
};
