/** The plan room's doors. */

export { accountUser, type DefaultAccounts, defaultAccounts } from './accounts.ts';
export { planAgainst } from './against.ts';
export { pathText } from './changes.ts';
export { inputsOf } from './hash.ts';
export { inventoryOf, parseInventory } from './inventory.ts';
export { type PlanLiveOptions, planLive } from './live.ts';
export { mask } from './mask.ts';
export { originOf } from './origins.ts';
export type { OwnerSpec } from './owner.ts';
export * from './plan.ts';
export { type KubeConfigRef, openRemote, openTarget, type RemoteRequest } from './remote.ts';
export { requestsOf } from './requests.ts';
export { type RevealedValue, revealed, revealLive } from './reveal.ts';
export { type Part, partOf, type Scope } from './scope.ts';
export { secretsBehind } from './secrets.ts';
