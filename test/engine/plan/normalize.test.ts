/** Flux's typed round trip: by hand for what it does, and by Flux's own library for random objects of every kind. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { normalize } from '../../../src/engine/plan/normalize.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { goTypes } from '../../../src/io/gotypes.ts';
import { oracle } from '../../oracle/ask.ts';

type Object = { readonly [key: string]: Json };

function checkNormalized(given: string, expected: string, leftOut: readonly string[] = []): void {
  const back = normalize(parse(given) as Object, goTypes());
  expect(back.object).toEqual(parse(expected));
  expect(back.leftOut.map((path) => path.join('.'))).toEqual(leftOut);
}

test('fields that the kind does not have go, and are named with their place in lists', () => {
  checkNormalized(
    `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, lables: {a: b}}, spec: {rules: [{host: a}, {hosts: [b], host: c}]}}`,
    `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: a}, {host: c}]}}`,
    ['metadata.lables', 'spec.rules.1.hosts'],
  );
});

test('empty values that Go leaves out go, pointers and what it never leaves out stay', () => {
  checkNormalized(
    `
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, creationTimestamp: null}
spec:
  replicas: 0
  selector:
  template:
    spec:
      hostNetwork: false
      automountServiceAccountToken: false
      containers:
        - {name: a, args: [], ports: [{containerPort: 80}], env: [{name: A, value: ""}]}
status: {}
`,
    `
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: 0
  selector: null
  strategy: {}
  template:
    metadata: {}
    spec:
      automountServiceAccountToken: false
      containers:
        - {name: a, ports: [{containerPort: 80, protocol: TCP}], env: [{name: A}], resources: {}}
`,
  );
});

test('what does not fit its struct, has none, or is a Role stays as it is', () => {
  const unfit = '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: "80"}], prots: []}}';
  checkNormalized(unfit, unfit);
  const custom = '{apiVersion: example.com/v1, kind: Service, metadata: {name: a}, spec: {any: null}}';
  checkNormalized(custom, custom);
  const role = '{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rulez: []}';
  checkNormalized(role, role);
});

const judge = oracle('kustomization-oracle');

test.skipIf(!judge.present)(`random objects of every kind come back as from Flux${judge.without}`, () => {
  const objects = Object.keys(goTypes().kinds).map((kind, n) => randomObject(kind, n + 1));
  const answers = judge.ask<{ output: string; error?: string }>(objects.map((object) => ({ normalize: object })));
  let withUnknown = 0;
  for (const [index, object] of objects.entries()) {
    const { output, error } = answers[index]!;
    expect(error).toBeUndefined();
    const theirs = JSON.parse(output) as { metadata: { creationTimestamp?: string | null } };
    // Flux sends null where we send nothing: the server takes both for no time.
    if (theirs.metadata.creationTimestamp === null) delete theirs.metadata.creationTimestamp;
    const ours = normalize(object, goTypes());
    expect(ours.object, JSON.stringify(object)).toEqual(theirs);
    if (ours.leftOut.length > 0) withUnknown += 1;
  }
  expect(withUnknown).toBeGreaterThan(objects.length / 4);
});

/** An object of a kind with a few of its fields, some empty, some null, few of another type, some unknown. */
function randomObject(kind: string, seed: number): Object {
  let state = seed * 7919 + 13;
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const { kinds, types } = goTypes();
  const slash = kind.lastIndexOf('/');
  const body = value(kinds[kind]!, 0) as Object;
  const names = { apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1) };
  return { ...body, ...names, metadata: { ...(body.metadata as Object | null), name: 'a' } };

  function value(type: string, depth: number): Json {
    if (depth > 0 && pick(12) === 0) return null;
    if (depth > 0 && pick(400) === 0) return [true, 'text', 1.5, {}][pick(4)]!;
    if (type.startsWith('*')) return value(type.slice(1), depth);
    if (type.startsWith('map[]')) return Object.fromEntries(some(type.slice(5), depth).map((v, n) => [`k${n}`, v]));
    const simple: Record<string, readonly Json[]> = {
      string: ['', 'text', '7'],
      bool: [true, false],
      int32: [0, 7, 3_000_000_000],
      int64: [0, 7, 3_000_000_000],
      '[]byte': ['', 'YQ==', 'YWI='],
      any: [{ a: [1] }, {}],
      Quantity: ['0', '1', '250m', '3Gi', 2],
      IntOrString: [0, 80, 'http', ''],
      Time: ['2024-01-02T03:04:05Z'],
      MicroTime: ['2024-01-02T03:04:05.000006Z'],
    };
    const values = simple[type];
    if (values !== undefined) return values[pick(values.length)]!;
    if (type.startsWith('[]')) return some(type.slice(2), depth);
    const share = depth < 3 ? 2 : 5;
    const fields = Object.entries(types[type]!).flatMap(([name, spec]): readonly (readonly [string, Json])[] => {
      const needed = depth === 0 && name !== 'status';
      return (depth < 8 && pick(share) === 0) || needed ? [[name, value(spec.replace(/[?~]+$/, ''), depth + 1)]] : [];
    });
    return Object.fromEntries(pick(6) === 0 ? [...fields, ['unknown', { a: 1 }]] : fields);
  }

  function some(type: string, depth: number): readonly Json[] {
    return Array.from({ length: pick(3) }, () => value(type, depth + 1));
  }
}
