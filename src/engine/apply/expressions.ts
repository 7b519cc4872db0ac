/** `healthCheckExprs` of a Kustomization: CEL in place of the kstatus rules for the kinds that they name. */
import { at, stringAt } from '../status/fields.ts';
import type { KResult, KStatus } from '../status/index.ts';
import type { Json } from '../yaml/resolve.ts';

export type Evaluate = (object: Json) => boolean | undefined;

interface Check {
  readonly apiVersion: string;
  readonly kind: string;
  readonly steps: readonly { readonly status: KStatus; readonly is: Evaluate }[];
}

/**
 * The status by the expressions for an object's kind; undefined for kinds without. In the order of Flux's RFC 0009:
 * in progress, failed, current; none of them true is in progress, and so is a generation not yet observed.
 */
export async function customStatus(expressions: readonly Json[]): Promise<(object: Json) => KResult | undefined> {
  if (expressions.length === 0) return () => undefined;
  const { compile } = await import('./cel.ts');
  const checks = expressions.map(
    (entry): Check => ({
      apiVersion: stringAt(entry, 'apiVersion'),
      kind: stringAt(entry, 'kind'),
      steps: (
        [
          ['InProgress', 'inProgress'],
          ['Failed', 'failed'],
          ['Current', 'current'],
        ] as const
      ).flatMap(([status, name]) => {
        const text = stringAt(entry, name);
        return text === '' ? [] : [{ status, is: compile(text) }];
      }),
    }),
  );
  return (object) => {
    const check = checks.find(
      (one) => one.kind === stringAt(object, 'kind') && one.apiVersion === stringAt(object, 'apiVersion'),
    );
    return check === undefined ? undefined : evaluate(check, object);
  };
}

function evaluate(check: Check, object: Json): KResult {
  const observed = at(object, 'status', 'observedGeneration');
  const generation = at(object, 'metadata', 'generation');
  if (typeof observed === 'number' && typeof generation === 'number' && observed !== generation) {
    return { status: 'InProgress', message: 'the latest generation is not observed yet' };
  }
  for (const { status, is } of check.steps) {
    const answer = is(object);
    if (answer === undefined)
      return { status: 'Unknown', message: 'its health check expression cannot be evaluated yet' };
    if (answer) return { status, message: `by its health check expression: ${status}` };
  }
  return { status: 'InProgress', message: 'by its health check expressions' };
}
