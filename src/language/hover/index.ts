/** What stands under the mouse: a field and its meaning, a variable and its values, a reference and its target. */
import {
  flux,
  get,
  getPath,
  type Origin,
  parse,
  text,
  titleOf,
  type WorkspaceFile,
  type WorkspaceObject,
} from '../../engine/index.ts';
import type { Knowledge } from '../answer.ts';
import { chartValue, chartValueText, withinValues } from '../chartvalues.ts';
import { fieldText } from '../fields.ts';
import { type Located, locate } from '../locate.ts';
import { code, plain } from '../markdown.ts';
import { policiesOf } from '../markers.ts';
import { rolesOf } from '../roles.ts';
import { kindOf } from '../subject.ts';
import { type Target, targetAt } from '../target.ts';
import { valuesTextAt } from '../valuestext.ts';
import { buildersOf, type Definition, keysOf, scopesOf } from '../variables.ts';

export interface Hover {
  /** Markdown; everything that others wrote in it is escaped. */
  readonly markdown: string;
  readonly at: Origin;
}

export function hover(file: WorkspaceFile, offset: number, knowledge: Knowledge): Hover | undefined {
  const found = targetAt(file, offset, knowledge);
  if (found === undefined) return undefined;
  const value = found.what === 'field' ? valueInText(file, offset, knowledge) : undefined;
  if (value !== undefined) return value;
  const { at } = found;
  const parts: (string | undefined)[] = [];
  switch (found.what) {
    case 'variable':
      parts.push(variable(file, found.token.name, knowledge));
      break;
    case 'marker':
      parts.push(
        ...policiesOf(knowledge.workspace, found.marker).map(target),
        'Image automation writes the newest image that the policy allows into this line.',
      );
      break;
    case 'reference':
      parts.push(...found.objects.map(target), supply(found, knowledge), field(file, offset, knowledge));
      break;
    case 'path':
      parts.push(
        found.named.target === undefined ? undefined : code(found.named.target),
        field(file, offset, knowledge),
      );
      break;
    case 'field':
      parts.push(fieldAt(found.located, file, knowledge));
      break;
  }
  const markdown = parts.filter((part) => part !== undefined && part !== '').join('\n\n');
  return markdown === '' ? undefined : { markdown, at };
}

/** A chart's value that is set in the text of a ConfigMap or a Secret. */
function valueInText(file: WorkspaceFile, offset: number, knowledge: Knowledge): Hover | undefined {
  const found = valuesTextAt(file, offset, knowledge);
  if (found === undefined) return undefined;
  const { source } = file;
  const located = locate({ source, parsed: parse(found.text, source.name) }, offset);
  if (located === undefined) return undefined;
  const value = found.releases.flatMap((release) => chartValue(release, located.path, knowledge) ?? [])[0];
  return value && { markdown: chartValueText(value, knowledge), at: located.key?.key.at ?? located.node.at };
}

function variable({ path }: WorkspaceFile, name: string, { workspace, clusterInput }: Knowledge): string {
  const lines = scopesOf(workspace, path, clusterInput).map(({ by, definitions, complete }) => {
    const value = valueText(definitions.get(name), complete);
    return `- ${value}, by ${plain(titleOf(by.id))} (${code(by.path)})`;
  });
  if (lines.length > 0) return `**${plain(name)}**\n\n${lines.join('\n')}`;
  const built = buildersOf(workspace, path).length > 0;
  return `**${plain(name)}**\n\n${built ? 'No Kustomization that builds this file substitutes variables.' : 'No Kustomization builds this file.'}`;
}

/** A variable's value and whose it is: the Kustomization's own, an object's of the workspace, or one of the cluster. */
function valueText(definition: Definition | undefined, complete: boolean): string {
  if (definition === undefined) return complete ? 'not set' : 'not set here';
  const { value, from } = definition;
  if (from === undefined) return value === undefined ? 'a value that is not shown' : code(value);
  const whose =
    from.path === undefined ? `the cluster's ${plain(from.title)}` : `${plain(from.title)} (${code(from.path)})`;
  return value === undefined ? `a hidden value from ${whose}` : `${code(value)} from ${whose}`;
}

/** What a `substituteFrom` entry brings: the names of its variables, and whose object it is where no file declares it. */
function supply({ link, objects }: Found<'reference'>, { clusterInput }: Knowledge): string | undefined {
  const { from, reference } = link;
  const { kind, name } = reference;
  if (reference.role !== 'input' || from.flux !== flux.kustomization) return undefined;
  if (kind !== 'ConfigMap' && kind !== 'Secret') return undefined;
  const namespace = from.id.namespace;
  const live = objects.length > 0 ? undefined : clusterInput?.({ kind, namespace, name });
  const nodes = live === undefined ? objects.map(({ node }) => node) : [live];
  const names = [...new Set(nodes.flatMap((node) => keysOf(kind, node).map(([key]) => code(key))))];
  const whose = live === undefined ? [] : [`**${plain(`${kind} ${namespace}/${name}`)}** of the cluster`];
  if (objects.length === 0 && live === undefined) return 'In no file of the workspace, and not read from a cluster.';
  return [...whose, ...(names.length === 0 ? [] : [`Variables: ${names.join(', ')}`])].join('\n\n');
}

type Found<What extends Target['what']> = Extract<Target, { readonly what: What }>;

/** An object in two lines: what it is, where it is, and the part of it that says most. */
function target({ id, path, node }: WorkspaceObject): string {
  const spec = get(node, 'spec');
  const telling = ['url', 'path', 'image', 'chart', 'type'].flatMap((key) => {
    const value = text(get(spec, key));
    return value === undefined ? [] : [`${key}: ${code(value)}`];
  });
  return [`**${plain(titleOf(id))}** in ${code(path)}`, ...telling].join('\n\n');
}

function field(file: WorkspaceFile, offset: number, knowledge: Knowledge): string | undefined {
  for (const { root } of file.parsed.documents) {
    if (root?.kind !== 'mapping' || offset < root.at.start || offset > root.at.end) continue;
    const found = pathTo(root, offset);
    return found === undefined
      ? undefined
      : fieldAt({ root, path: found, node: getPath(root, found) ?? root }, file, knowledge);
  }
  return undefined;
}

function pathTo(root: Located['root'], offset: number): Located['path'] | undefined {
  const path: (string | number)[] = [];
  let at: Located['node'] = root;
  for (;;) {
    if (at.kind === 'scalar') return path;
    const steps: readonly (readonly [string | number, Located['node']])[] =
      at.kind === 'mapping' ? at.entries.map(({ key, value }) => [key.text, value]) : [...at.items.entries()];
    const next = steps.find(([, value]) => value.at.start <= offset && offset <= value.at.end);
    if (next === undefined) return undefined;
    path.push(next[0]);
    at = next[1];
  }
}

function fieldAt({ root, path }: Located, file: WorkspaceFile, knowledge: Knowledge): string | undefined {
  const { workspace, schemas } = knowledge;
  const kustomization = rolesOf(workspace).kustomization(file);
  const as = kindOf(root, kustomization === undefined ? {} : { kustomization });
  if (as === undefined || path.length === 0) return undefined;
  if (path.length === 1 && (path[0] === 'kind' || path[0] === 'apiVersion')) {
    const about = schemas.at(as.apiVersion, as.kind, [])?.description;
    return about === undefined ? undefined : `**${plain(as.kind)}** (${code(as.apiVersion)})\n\n${plain(about)}`;
  }
  const within = as.kind === 'HelmRelease' ? withinValues(path) : undefined;
  if (within !== undefined && within.length > 0) {
    const value = chartValue(root, within, knowledge);
    return value === undefined ? undefined : chartValueText(value, knowledge);
  }
  const schema = schemas.at(as.apiVersion, as.kind, path);
  if (schema === undefined) return undefined;
  const name = path.findLast((step) => typeof step === 'string') as string;
  const parent = schemas.at(as.apiVersion, as.kind, path.slice(0, -1));
  return fieldText(name, schema, parent?.required?.includes(name) ?? false);
}
