/**
 * The kstatus rules against what fluxcd/cli-utils v1.2.3 (and, for jobs, fluxcd/pkg/runtime v0.110.3) answered for the
 * same objects. The objects are random; the file holds two for each distinct answer of each kind.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { healthOf, kstatusOf, waitStatusOf } from '../../../src/engine/status/index.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { live } from '../sets.ts';

interface Case {
  readonly object: { readonly [key: string]: Json };
  readonly kstatus: {
    readonly status: string;
    readonly message: string;
    readonly jobStatus?: string;
    readonly jobMessage?: string;
  };
}

const golden = new URL('golden/kstatus.jsonl', import.meta.url);
const cases = readFileSync(golden, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

test.each(cases.map((one, index) => [`${index} ${one.object.kind}`, one] as const))('%s', (_, { object, kstatus }) => {
  const { status, message } = kstatusOf(object, Date.UTC(2026, 0, 1));
  expect({ status, message }).toEqual({ status: kstatus.status, message: kstatus.message });
  if (kstatus.jobStatus === undefined) return;
  expect(waitStatusOf(object)).toEqual({ status: kstatus.jobStatus, message: kstatus.jobMessage });
});

function check(yaml: string, status: string, message: string): void {
  expect(healthOf(live(yaml)[0]!)).toEqual({ status, message });
}

const flux = (spec: string, status: string, metadata = '') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: a, generation: 2${metadata} }\nspec: { ${spec} }\nstatus: { ${status} }\n`;
const ready = (value: string, reason: string, message: string) =>
  `{ type: Ready, status: "${value}", reason: ${reason}, message: ${message} }`;

test("a Flux object's health is what a person wants to know", () => {
  check(flux('', `observedGeneration: 2, conditions: [${ready('True', 'Succeeded', 'applied')}]`), 'ready', 'applied');
  check(
    flux('', `observedGeneration: 1, conditions: [${ready('True', 'Succeeded', 'applied')}]`),
    'progressing',
    'waiting for the controller to see the change',
  );
  check(
    flux('', `conditions: [${ready('False', 'BuildFailed', 'broken')}, { type: Reconciling, status: "True" }]`),
    'failed',
    'broken',
  );
  check(flux('', `conditions: [${ready('False', 'DependencyNotReady', 'waits')}]`), 'progressing', 'waits');
  check(flux('suspend: true', `conditions: [${ready('False', 'BuildFailed', 'broken')}]`), 'suspended', 'broken');
  check(
    flux(
      '',
      `conditions: [${ready('Unknown', 'Progressing', 'x')}, { type: Reconciling, status: "True", message: building }]`,
    ),
    'progressing',
    'building',
  );
  check(flux('', '', ', deletionTimestamp: now'), 'terminating', 'being deleted');
});
