/** What the fields of a workload must say about each other: selectors and labels, mounts and volumes. */
import { get, getPath, type Mapping, type Node, type Origin, text } from '../yaml/node.ts';
import { type Judge, type Path, pathText, report } from './judge.ts';
import { isOpaque } from './opaque.ts';

/** Where each kind keeps its pod template. */
const templates: { readonly [kind: string]: Path } = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

export function judgeWorkload(object: Mapping, kind: string, judge: Judge): void {
  const at = Object.hasOwn(templates, kind) ? templates[kind] : undefined;
  const template = at === undefined ? undefined : getPath(object, at);
  if (at === undefined || template?.kind !== 'mapping' || judge.partial) return;
  if (kind !== 'Job' && kind !== 'CronJob') judgeSelector(object, template, judge);
  judgeMounts(object, get(template, 'spec'), [...at, 'spec'], judge);
}

/** The selector must match the template's labels, or the server refuses the object. */
function judgeSelector(object: Mapping, template: Mapping, judge: Judge): void {
  const path = ['spec', 'selector', 'matchLabels'];
  const wanted = getPath(object, path);
  const labels = getPath(template, ['metadata', 'labels']);
  if (wanted?.kind !== 'mapping') return;
  for (const { key, value } of wanted.entries) {
    const label = get(labels, key.text);
    const [asked, given] = [text(value), text(label)];
    if (asked === undefined || isOpaque(key.text) || isOpaque(asked) || (given !== undefined && isOpaque(given)))
      continue;
    if (given === asked) continue;
    const related = label === undefined ? {} : { related: [{ message: 'The label of the template', at: label.at }] };
    const message = `The selector asks for the label ${key.text}: ${asked}, which the pod template does not have.`;
    report(judge, 'schema-value', [...path, key.text], key.at, message, related);
  }
}

/** Every mount names a volume of the pod, or a claim template of the StatefulSet. */
function judgeMounts(object: Mapping, pod: Node | undefined, path: Path, judge: Judge): void {
  const claims = itemsAt(object, ['spec', 'volumeClaimTemplates']).map((claim) =>
    text(getPath(claim, ['metadata', 'name'])),
  );
  const volumes = itemsAt(pod, ['volumes']).map((volume) => text(get(volume, 'name')));
  const names = new Set([...claims, ...volumes]);
  if ([...names].some((name) => name !== undefined && isOpaque(name))) return;
  for (const field of ['initContainers', 'containers']) {
    for (const [index, container] of itemsAt(pod, [field]).entries()) {
      for (const [place, mount] of itemsAt(container, ['volumeMounts']).entries()) {
        const name = get(mount, 'name');
        const written = text(name);
        if (name === undefined || written === undefined || written === '' || isOpaque(written) || names.has(written))
          continue;
        const where: Path = [...path, field, index, 'volumeMounts', place, 'name'];
        reportMount(where, name.at, written, judge);
      }
    }
  }
}

function reportMount(path: Path, at: Origin, name: string, judge: Judge): void {
  report(judge, 'schema-value', path, at, `${pathText(path)}: the pod has no volume "${name}".`);
}

function itemsAt(node: Node | undefined, path: Path): readonly Node[] {
  const found = getPath(node, path);
  return found?.kind === 'sequence' ? found.items : [];
}
