/**
 * Legacy `auth-provider` users (oidc, gcp, azure), by way of the official client. It stands alone in this file because
 * it is heavy: it loads when a kubeconfig has such a user, and never otherwise.
 */
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

interface Provider {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

// The client refreshes tokens in the user object that it was given: one per provider entry, so that a rotated refresh
// token is not lost. Nothing is written back to the kubeconfig.
const clients = new WeakMap<Provider, KubeConfig>();

/** The Authorization header of the provider. Rejects with an Error that names the provider. */
export async function providerToken(user: string, provider: Provider): Promise<string> {
  const client = clients.get(provider) ?? make(user, provider);
  clients.set(provider, client);
  const options = { headers: {} as Record<string, string> };
  try {
    await client.applyToHTTPSOptions(options as never);
  } catch (cause) {
    // The client's messages may quote the token endpoint's answer.
    const kind = cause instanceof Error ? cause.name : 'Error';
    throw new Error(`auth-provider "${provider.name}" of user "${user}" gave no token (${kind}): log in again`);
  }
  const header = options.headers.Authorization;
  if (header === undefined) throw new Error(`auth-provider "${provider.name}" of user "${user}" gave no token`);
  return header;
}

function make(user: string, provider: Provider): KubeConfig {
  const client = new KubeConfig();
  client.loadFromOptions({
    clusters: [{ name: 'c', server: 'https://localhost', skipTLSVerify: false }],
    users: [{ name: user, authProvider: { name: provider.name, config: { ...provider.config } } }],
    contexts: [{ name: 'c', cluster: 'c', user }],
    currentContext: 'c',
  });
  return client;
}
