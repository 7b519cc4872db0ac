/** The fields of Flux's kinds that hold CEL expressions: the controllers refuse what does not parse, but only at run time. */
import { get, type Mapping, type Node } from '../yaml/node.ts';
import { type Judge, type Path, pathText, report } from './judge.ts';
import { isOpaque } from './opaque.ts';

const health = ['current', 'inProgress', 'failed'].map((field) => ['spec', 'healthCheckExprs', '[]', field]);
const ready = ['spec', 'dependsOn', '[]', 'readyExpr'];

/** `[]` stands for every entry of a list. */
const places: { readonly [kind: string]: readonly (readonly string[])[] } = {
  Kustomization: [ready, ...health],
  HelmRelease: [ready, ...health],
  ResourceSet: [ready],
  Provider: [['spec', 'commitStatusExpr']],
  Receiver: [
    ['spec', 'resourceFilter'],
    ['spec', 'resources', '[]', 'filter'],
    ['spec', 'oidcProviders', '[]', 'validations', '[]', 'expression'],
    ['spec', 'oidcProviders', '[]', 'variables', '[]', 'expression'],
  ],
};

/** `parseError` says what is wrong with an expression; undefined for one that parses. */
export function judgeExpressions(
  object: Mapping,
  kind: string,
  parseError: (expression: string) => string | undefined,
  judge: Judge,
): void {
  for (const place of (Object.hasOwn(places, kind) ? places[kind] : undefined) ?? []) visit(object, place, []);

  function visit(node: Node | undefined, steps: readonly string[], path: Path): void {
    const [step, ...rest] = steps;
    if (node === undefined) return;
    if (step === '[]') {
      if (node.kind === 'sequence')
        for (const [index, item] of node.items.entries()) visit(item, rest, [...path, index]);
    } else if (step !== undefined) {
      visit(get(node, step), rest, [...path, step]);
    } else if (node.kind === 'scalar' && node.text !== '' && !isOpaque(node.text)) {
      const wrong = parseError(node.text);
      if (wrong === undefined) return;
      report(judge, 'schema-value', path, node.at, `${pathText(path)} is no CEL expression: ${wrong}.`);
    }
  }
}
