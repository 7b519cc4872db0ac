/** An admission webhook of a test's own: a TLS server on loopback, registered for the ConfigMaps of one namespace. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { authority, serverCertificate } from '../../scripts/cluster/certs.ts';
import { bounded, type Rig } from './rig.ts';

export interface Review {
  readonly name: string;
  readonly operation: string;
  readonly dryRun: boolean;
  readonly object: { readonly data?: Readonly<Record<string, string>> };
}

/** allow · deny with words · patch (JSON patch) · broken: the webhook itself fails. */
export type Verdict = 'allow' | 'broken' | { readonly deny: string } | { readonly patch: readonly object[] };

export interface Webhook {
  /** Every question that was not a dry run, in order. */
  readonly asked: readonly Review[];
  stop(): Promise<void>;
}

export async function webhook(
  it: Rig,
  kind: 'Validating' | 'Mutating',
  namespace: string,
  judge: (review: Review) => Verdict,
): Promise<Webhook> {
  const by = authority('webhook');
  const { certificate: cert, key } = serverCertificate(by, ['127.0.0.1']);
  const asked: Review[] = [];
  let questions = 0;
  const server = createServer({ cert, key }, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { request: asks } = JSON.parse(text) as { request: Review & { uid: string } };
    questions++;
    if (!asks.dryRun) asked.push(asks);
    const verdict = judge(asks);
    if (verdict === 'broken') return void response.writeHead(500).end('broken');
    const answer = { uid: asks.uid, allowed: true, ...wordsOf(verdict) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const name = `${kind.toLowerCase()}-${namespace}.example.com`;
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks: [
      {
        name,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 30,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }],
        clientConfig: {
          url: `https://127.0.0.1:${port}/`,
          caBundle: Buffer.from(by.certificate).toString('base64'),
        },
      },
    ],
  };
  await it.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(configuration));
  let open = true;
  const stop = async () => {
    if (!open) return;
    open = false;
    await it.kubectl(['delete', `${kind.toLowerCase()}webhookconfiguration`, name]);
    await forgotten(it, namespace, () => questions);
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  // The API server hears of a new webhook by its own watch.
  await heard(it, namespace, () => questions);
  return { asked, stop };
}

function wordsOf(verdict: Exclude<Verdict, 'broken'>): object {
  if (verdict === 'allow') return {};
  if ('deny' in verdict) return { allowed: false, status: { code: 403, message: verdict.deny } };
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(verdict.patch)).toString('base64') };
}

/** Asks by dry runs until the webhook has been asked itself. */
async function heard(it: Rig, namespace: string, questions: () => number): Promise<void> {
  await bounded(async () => {
    if (questions() === 0) await knock(it, namespace);
    return questions() === 0 ? 'the API server never asked the webhook' : undefined;
  });
}

/** Asks by dry runs until the webhook is not asked any more: a server that is closed too early would be missed. */
async function forgotten(it: Rig, namespace: string, questions: () => number): Promise<void> {
  await bounded(async () => {
    const before = questions();
    await knock(it, namespace);
    return questions() === before ? undefined : 'the API server still asks the webhook';
  });
}

async function knock(it: Rig, namespace: string): Promise<void> {
  const metadata = { name: 'is-the-webhook-there', namespace };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  await it.cluster.apply(object, { manager: 'test', force: false, dryRun: true });
}
