/** The keys of a command: what the environment and `--age-key-file` point to, and the Secrets of the fleet and the cluster. */
import { resolve } from 'node:path';
import type { Workspace } from '../engine/index.ts';
import type { ClusterInputs } from '../io/cluster/inputs.ts';
import { fleetSecrets } from '../io/fetch/index.ts';
import { createKeyring, type Keyring, readUserKeys } from '../io/sops.ts';
import type { Invocation } from './command.ts';

/** For every command that renders. */
export const keyOptions = { 'age-key-file': { type: 'string', multiple: true } } as const;

type Asked = Pick<Invocation, 'options' | 'cwd' | 'env' | 'err'>;

export function keyringFor(
  { options, cwd, env, err }: Asked,
  workspace: Workspace,
  inputs?: Pick<ClusterInputs, 'secret'>,
): Keyring {
  const named = options['age-key-file'];
  const files = Array.isArray(named) ? named.map((file) => resolve(cwd, String(file))) : [];
  const user = readUserKeys({ env, files });
  for (const warning of user.warnings) err(`warning: ${warning}\n`);
  const ofFleet = fleetSecrets((namespace, name) => workspace.find({ kind: 'Secret', namespace, name })[0]?.node);
  return createKeyring({
    user,
    secret: async (namespace, name) => (await ofFleet(namespace, name)) ?? (await inputs?.secret(namespace, name)),
  });
}
