/**
 * A HelmRelease that is new where helm-controller runs is installed by it: it starts as soon as the object is there, and
 * two at work on one release would corrupt it. A release that stands already is suspended and then upgraded here.
 */
import { isHelmRelease } from '../../plan/owner.ts';
import { stringAt } from '../../status/fields.ts';
import { ownerRef } from '../owner.ts';
import { type State, signalOf, type Turn, told } from '../turn.ts';
import { waitFor } from '../wait.ts';

/** Whether helm-controller has the release; then its outcome is waited for and told. */
export async function leftToController(state: State, turn: Turn): Promise<boolean> {
  const { group } = turn;
  if (group.state?.exists !== false || !(await runsHelmController(state))) return false;
  const { id } = group.owner;
  const objects = [{ id, ref: ownerRef(id), goesAway: false }];
  const wrong = await waitFor(state.cluster, objects, {
    timer: state.options.timer,
    timeout: group.spec?.release?.install.timeout ?? 300_000,
    ...signalOf(state.options),
    onWaiting: (pending, message) => state.tell({ type: 'waiting', owner: id, objects: pending, message }),
  });
  const outcome = wrong === undefined ? 'applied' : 'unknown';
  const message = wrong === undefined ? 'installed by helm-controller' : 'left to helm-controller, which installs it';
  for (const entry of [...turn.sends, ...turn.deletes]) told(state, turn, entry, { outcome, message });
  state.tell(wrong === undefined ? { type: 'ready', owner: id } : { type: 'not-ready', owner: id, message: wrong });
  return true;
}

const deployments = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

async function runsHelmController({ cluster, plan, options }: State): Promise<boolean> {
  if (
    plan.groups.some(
      ({ owner, state, standsIn }) => standsIn === undefined && isHelmRelease(owner.id) && state?.controlled === true,
    )
  )
    return true;
  const labelSelector = 'app.kubernetes.io/component=helm-controller';
  const found = await cluster.list(deployments, { labelSelector }, options.signal);
  return found.ok && found.value.some((one) => stringAt(one, 'metadata', 'name') !== '');
}
