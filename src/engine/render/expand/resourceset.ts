/** A ResourceSet (Flux Operator) to the objects that its templates make of its inputs. */
import { items, resourceSet } from '../../flux/index.ts';
import { idOf, keyOf, titleOf } from '../../objects/object.ts';
import { error, type Problem } from '../../problem.ts';
import { get, getPath, type Mapping, type Node, text } from '../../yaml/node.ts';
import { ownerOf, withCommonMetadata, withOwnerLabels } from '../build.ts';
import type { Expander, RenderContext } from '../context.ts';
import type { DesiredObject, DesiredSet, Owner } from '../desired.ts';
import { type Inputs, inputsOf, providersOf } from '../inputs.ts';
import { compareForApply } from '../order.ts';
import { withSources } from '../setsources.ts';
import { renderTemplate, templateOf, templateText } from '../settemplate.ts';

export const resourceSetExpander: Expander = {
  group: resourceSet.group,
  kind: resourceSet.kind,
  expand(object, owner, context, turn) {
    if (turn === 'first' && providersOf(object, context).some((provider) => typeof provider === 'string'))
      return undefined;
    const set = expandSet(object, owner, context);
    // What an annotation copies may be rendered later.
    return turn === 'first' && set.objects.some(({ unresolved }) => unresolved !== undefined) ? undefined : set;
  },
};

function expandSet(object: DesiredObject, owner: Owner, context: RenderContext): DesiredSet {
  const inputs = inputsOf(object, context);
  const empty = { owner, objects: [], complete: false, problems: [], reads: new Set<string>() };
  if ('message' in inputs)
    return { ...empty, problems: [error('flux-build', `${titleOf(object.id)}: ${inputs.message}`, object.node.at)] };
  const problems: Problem[] = [];
  const found = new Map<string, Mapping>();
  const spec = get(object.node, 'spec');
  const steps = items(spec, 'steps');
  const whole = steps.length > 0 ? notBesideSteps(spec) : undefined;
  if (whole !== undefined) problems.push(whole);
  for (const part of steps.length > 0 ? steps : [spec]) {
    const made = new Map<string, Mapping>();
    const problem = collect(part, inputs.sets, made, object.node) ?? repeated(part, made, found);
    if (problem !== undefined) problems.push(problem);
    for (const [key, node] of made) if (!found.has(key)) found.set(key, node);
  }
  const labelled = [...found.values()].map((node) => finish(node, object));
  const made = labelled.map((node) => ({ id: idOf(node), node })).sort((a, b) => compareForApply(a.id, b.id));
  const objects = withSources(made, context);
  problems.push(...inputs.problems);
  const complete = problems.length === 0 && inputs.notes.length === 0;
  const missing = [...new Set(objects.flatMap(({ unresolved }) => unresolved ?? []))];
  const notes = [...inputs.notes, ...inputs.live, ...missing.map((what) => `${what} is known only to the cluster`)];
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  return { ...empty, objects, complete, problems, ...note };
}

function notBesideSteps(spec: Node | undefined): Problem | undefined {
  const other = get(spec, 'resources') ?? get(spec, 'resourcesTemplate');
  if (other === undefined) return undefined;
  return error('flux-build', 'spec.steps does not go with spec.resources or spec.resourcesTemplate', other.at);
}

/** An object belongs to one step only. */
function repeated(
  step: Node | undefined,
  made: ReadonlyMap<string, Mapping>,
  before: ReadonlyMap<string, Mapping>,
): Problem | undefined {
  const again = [...made].find(([key]) => before.has(key));
  if (again === undefined) return undefined;
  const [key, node] = again;
  const message = `${titleOf(idOf(node))} is in an earlier step already: step ${text(get(step, 'name')) ?? ''} repeats it`;
  const related = [{ message: 'it is here first', at: before.get(key)!.at }];
  return { ...error('flux-build', message, node.at), related };
}

/** Adds what `resources` and then `resourcesTemplate` make; the first object of an identity stays. */
function collect(
  part: Node | undefined,
  sets: Inputs['sets'],
  found: Map<string, Mapping>,
  fallback: Mapping,
): Problem | undefined {
  const whole = get(part, 'resourcesTemplate');
  const templates = [
    ...items(part, 'resources').map((resource) => ({
      template: templateOf(resource),
      at: resource.at,
      always: sets === undefined,
    })),
    ...(whole?.kind === 'scalar' ? [{ template: templateText(whole), at: whole.at, always: false }] : []),
  ];
  for (const { template, at, always } of templates) {
    for (const inputs of sets ?? [undefined]) {
      const made = renderTemplate(template, inputs, at ?? fallback.at);
      if ('problem' in made) return made.problem;
      for (const node of made.objects) {
        const disabled = text(getPath(node, ['metadata', 'annotations', 'fluxcd.controlplane.io/reconcile']));
        if (!always && disabled === 'disabled') continue;
        const key = keyOf(idOf(node));
        if (!found.has(key)) found.set(key, node);
      }
    }
  }
  return undefined;
}

function finish(node: Mapping, object: DesiredObject): Mapping {
  const labelled = withOwnerLabels(node, 'resourceset.fluxcd.controlplane.io', ownerOf(object));
  return withCommonMetadata(labelled, resourceSet.view(object.node));
}
