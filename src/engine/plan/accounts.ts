/**
 * Whom Flux acts as for an owner: the service account that its spec names, or the one that the controller takes for those
 * that name none (`--default-service-account`, the lock-down of a cluster with tenants). With neither it acts as itself.
 */
import type { ObjectId } from '../objects/object.ts';
import { listAt, stringAt } from '../status/fields.ts';
import type { OwnerSpec } from './owner.ts';
import type { Requests } from './requests.ts';

/** The account that a controller takes when a spec names none, by the kind of the owner. */
export type DefaultAccounts = Partial<Readonly<Record<OwnerSpec['kind'], string>>>;

const controllers = { 'kustomize-controller': 'Kustomization', 'helm-controller': 'HelmRelease' } as const;
const component = 'app.kubernetes.io/component';

/** As the controllers' Deployments say it. Where they may not be seen none is known. */
export async function defaultAccounts({ cluster, served, slot, signal }: Requests): Promise<DefaultAccounts> {
  const kind = await served('apps', 'Deployment', 'v1');
  if (!kind.ok || kind.value === undefined) return {};
  const labelSelector = `${component} in (${Object.keys(controllers).join(',')})`;
  const listed = await slot(() => cluster.list(kind.value!, { labelSelector }, signal));
  if (!listed.ok) return {};
  const found: Partial<Record<OwnerSpec['kind'], string>> = {};
  for (const [name, owner] of Object.entries(controllers)) {
    const ours = listed.value.filter((one) => stringAt(one, 'metadata', 'labels', component) === name);
    const account = ours.flatMap(flagOf).at(0);
    if (account !== undefined) found[owner] = account;
  }
  return found;
}

function flagOf(deployment: Parameters<typeof listAt>[0]): readonly string[] {
  const containers = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  return containers
    .flatMap((container) => listAt(container, 'args').map(String))
    .flatMap((arg) => /^--default-service-account=(.+)$/.exec(arg)?.[1] ?? []);
}

/** The user name of the account that an owner's objects are asked about and sent as; undefined for none. */
export function accountOf({ namespace }: ObjectId, spec: OwnerSpec, defaults: DefaultAccounts): string | undefined {
  const name = spec.serviceAccountName || defaults[spec.kind];
  return name === undefined || spec.kind === 'other' ? undefined : accountUser(namespace, name);
}

export function accountUser(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`;
}

/** What a group says of whom its objects are asked about as. */
export function accountNotes({ as }: { readonly as?: string }, notAs: string | undefined): readonly string[] {
  if (as !== undefined) return [`as the service account ${accountTitle(as)}`];
  return notAs === undefined ? [] : [notAs];
}

const prefix = 'system:serviceaccount:';

/** What a refusal to the account means: Flux acts as the same one. */
export function lacksRight(as: string, message: string): string {
  return `Flux cannot apply it, for its service account ${accountTitle(as)} lacks a right: ${message}`;
}

/** `namespace/name` of the account that a user name stands for. */
export function accountTitle(user: string): string {
  return user.slice(prefix.length).replace(':', '/');
}
