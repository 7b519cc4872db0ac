/**
 * What went wrong, as one closed set of reasons: the API server's `Status`, or the error of a connection. The server's
 * own words are kept, except that nothing of a Secret's data ever comes back out of an answer that echoes it.
 */
import type { ClusterFailure, Json, LiveObject } from '../../engine/index.ts';

/** Where a request went and whether it could change something there. */
export interface Target {
  readonly context: string;
  readonly server: string;
  /** Whether the request writes (and is no dry run): then a broken connection leaves its outcome open. */
  readonly writes: boolean;
  /** Texts that no message may hold: the values of a Secret that was sent. */
  readonly secrets: readonly string[];
}

interface Status {
  readonly message: string;
  readonly reason: string;
  readonly details: { readonly kind?: string; readonly name?: string; readonly causes: readonly Cause[] };
}

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** The failure that an answer with an error status stands for. `body` is what the server sent, JSON or not. */
export function failureOf(status: number, body: Json | string, target: Target): ClusterFailure {
  const said = statusOf(body);
  const { reason, conflicts } = classify(status, said, target.writes);
  const words = redact(plain(said.message) || `HTTP ${status}`, target.secrets);
  return {
    reason,
    status,
    message: `${prefix(target)}${words}`,
    ...(conflicts === undefined ? {} : { conflicts }),
  };
}

export function failure(reason: ClusterFailure['reason'], message: string, target: Target): ClusterFailure {
  return { reason, message: `${prefix(target)}${redact(message, target.secrets)}` };
}

function prefix(target: Target): string {
  return `Context ${target.context} (${target.server}): `;
}

function statusOf(body: Json | string): Status {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { message: typeof body === 'string' ? firstLine(body) : '', reason: '', details: { causes: [] } };
  }
  const { message, reason, details } = body as { readonly [key: string]: Json | undefined };
  const { kind, name, causes } = (details ?? {}) as { readonly [key: string]: Json | undefined };
  return {
    message: typeof message === 'string' ? message : '',
    reason: typeof reason === 'string' ? reason : '',
    details: {
      ...(typeof kind === 'string' ? { kind } : {}),
      ...(typeof name === 'string' ? { name } : {}),
      causes: Array.isArray(causes) ? causes.map(causeOf) : [],
    },
  };
}

function causeOf(cause: Json): Cause {
  const { reason, message, field } = (cause ?? {}) as { readonly [key: string]: Json | undefined };
  return { reason: String(reason ?? ''), message: String(message ?? ''), field: String(field ?? '') };
}

/** What the server answers about a change of a field that can never change, in the words of its validators. */
const immutable = [
  /field is immutable/,
  /is immutable after creation/,
  /may not change once set/,
  /cannot change roleRef/,
  /updates to statefulset spec for fields other than/,
  /immutable field/,
];
const deniedByPolicy =
  /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' .*denied request/;
// The authorizer's words; every other 403 comes from admission (quota, pod security, a terminating namespace).
const notAllowed = /^$|User "[^"]*" cannot|^forbidden: |no RBAC policy matched/;

function classify(
  status: number,
  said: Status,
  writes: boolean,
): { readonly reason: ClusterFailure['reason']; readonly conflicts?: ClusterFailure['conflicts'] } {
  if (deniedByPolicy.test(said.message)) return { reason: 'denied' };
  switch (status) {
    case 401:
      return { reason: 'unauthorized' };
    case 403:
      return { reason: notAllowed.test(said.message) ? 'forbidden' : 'denied' };
    case 404:
      // A path that the server does not serve has no name in its details.
      return { reason: said.details.name === undefined ? 'unknown-kind' : 'not-found' };
    case 409:
      return { reason: 'conflict', ...conflictsOf(said) };
    case 422: {
      const texts = [said.message, ...said.details.causes.map((cause) => cause.message)];
      return { reason: texts.some((text) => immutable.some((one) => one.test(text))) ? 'immutable' : 'invalid' };
    }
    case 400:
    case 413:
      return { reason: 'invalid' };
    case 429:
      return { reason: 'too-many-requests' };
    case 504:
      return { reason: writes ? 'unknown-outcome' : 'server-error' };
    default:
      // What does not fit the kind's Go type is no Invalid for the server: its converter fails, with status 500.
      if (/^failed to (create typed patch object|convert new object)|error decoding/.test(said.message)) {
        return { reason: 'invalid' };
      }
      // A webhook that could not be called is here, too: the server is at fault and a retry may succeed.
      return { reason: 'server-error' };
  }
}

/** Server-side apply names the manager in the cause's message: `conflict with "kubectl" using apps/v1`. */
function conflictsOf(said: Status): { readonly conflicts?: ClusterFailure['conflicts'] } {
  const conflicts = said.details.causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => ({
      manager: /conflict with "([^"]*)"/.exec(cause.message)?.[1] ?? cause.message,
      field: cause.field,
    }));
  return conflicts.length === 0 ? {} : { conflicts };
}

/** Every text that a message about this object must not repeat: a Secret's values, as written and as decoded. */
export function secretsOf(object: LiveObject): readonly string[] {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return [];
  const values = [object.data, object.stringData].flatMap((map) =>
    typeof map === 'object' && map !== null ? Object.values(map).map(String) : [],
  );
  const decoded = values.map((value) => Buffer.from(value, 'base64').toString('utf8'));
  const encoded = values.map((value) => Buffer.from(value, 'utf8').toString('base64'));
  const annotation = (object.metadata as { annotations?: Record<string, Json> } | undefined)?.annotations;
  const applied = annotation?.['kubectl.kubernetes.io/last-applied-configuration'];
  return [...new Set([...values, ...decoded, ...encoded, ...(applied ? [String(applied)] : [])])]
    .filter((text) => text.length > 2)
    .sort((a, b) => b.length - a.length);
}

/** A decoder's excerpt of what it read, which may cut a value in the middle: `found in #10 byte of ...|a":"b"|...`. */
const excerpt = /\.\.\.\|[\s\S]*\|\.\.\.|(Invalid value: )(?:"(?:[^"\\]|\\.)*"|\S+)|(, got )[\s\S]*/g;

function redact(message: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return message;
  const cut = message.replace(excerpt, (_, before = '', got = '') => `${before}${got}***`);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), cut);
}

/** Go's own spelling of a value inside a server's sentence says nothing to a reader. */
function plain(message: string): string {
  return message.replace(/&(?:value\.valueUnstructured)?\{(?:Value:)?([^{}]*)\}/g, '$1');
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.slice(0, 300);
}
