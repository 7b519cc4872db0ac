/** flate: the fastest offline renderer of Flux fleets, and so the peer that `npm run bench` measures against. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { go, type Tool } from './tool.ts';

const module = 'github.com/home-operations/flate/cmd/flate@v0.6.5';

/** It needs a newer Go than the other tools: the toolchain comes as a module, like everything else. */
export const flate: Tool = {
  name: 'flate',
  stamp: module,
  build(file, scratch) {
    go(['install', '-trimpath', '-ldflags', '-s -w', module], scratch, { GOBIN: scratch, GOTOOLCHAIN: 'go1.27.0' });
    renameSync(join(scratch, 'flate'), file);
  },
};
