/** Objects in, problems out: `line:column code message`, as an editor would show them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, type ValidateOptions } from '../../../src/engine/index.ts';
import { schemas } from './schemas.ts';

beforeAll(() => schemas.prepare());

function problems(yaml: string, options: ValidateOptions = {}): readonly string[] {
  return parse(yaml, 'a.yaml').documents.flatMap(({ root }) =>
    root?.kind !== 'mapping'
      ? []
      : schemas.validate(root, options).map(({ code, message, at }) => {
          const before = yaml.slice(0, at?.start ?? 0);
          const line = before.split('\n').length;
          return `${line}:${(at?.start ?? 0) - before.lastIndexOf('\n')} ${code} ${message}`;
        }),
  );
}

function checkSchema(yaml: string, expected: readonly string[], options: ValidateOptions = {}): void {
  expect(problems(yaml, options)).toEqual(expected);
}

const flux = (spec: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
${spec.replace(/^/gm, '  ')}`;

const good = `interval: 10m
path: ./apps
prune: true
sourceRef: { kind: GitRepository, name: fleet }`;

const configMap = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: a }
${data}`;

describe('Flux', () => {
  test('a good object has no problems', () => checkSchema(flux(good), []));

  test('an unknown field, with what was meant', () =>
    checkSchema(flux(`${good}\nsourceref: {}\nfoo: 1`), [
      '9:3 schema-unknown-field Unknown field "sourceref" in spec; did you mean "sourceRef"?',
      '10:3 schema-unknown-field Unknown field "foo" in spec.',
    ]));

  test('a field on the wrong level', () =>
    checkSchema(`${flux(good)}\npath: ./apps\n`, [
      '9:1 schema-unknown-field Unknown field "path"; it belongs into "spec".',
    ]));

  test('wrong types', () =>
    checkSchema(flux(`${good.replace('true', '"true"')}\ntimeout: 5\nhealthChecks: {}\ncommonMetadata: []`), [
      '7:10 schema-type spec.prune must be true or false, not the string true.',
      '9:12 schema-type spec.timeout must be a string, not the number 5: write it in quotes.',
      '10:3 schema-type spec.healthChecks must be a list, not a mapping.',
      '11:3 schema-type spec.commonMetadata must be a mapping, not a list.',
    ]));

  test('bad values: enumeration, form, name', () =>
    checkSchema(
      flux(good.replace('GitRepository', 'GitRepo').replace('10m', 'ten')).replace('name: apps', 'name: Apps'),
      [
        '3:19 schema-value metadata.name must consist of lower-case letters, digits, "-" and ".", begin and end with a letter or digit, and have at most 253 characters.',
        '5:13 schema-value spec.interval must be a duration such as 30s, 10m or 1h30m; "ten" is not.',
        '8:22 schema-enum spec.sourceRef.kind must be one of OCIRepository, GitRepository, Bucket, ExternalArtifact; "GitRepo" is not.',
      ],
    ));

  test('what is missing', () =>
    checkSchema(flux('interval: 1m\nsourceRef: { kind: GitRepository }'), [
      '4:1 schema-required spec needs "prune".',
      '6:3 schema-required spec.sourceRef needs "name".',
    ]));

  test('an empty field', () =>
    checkSchema(flux(`${good}\ndependsOn:\n`), ['9:3 schema-type spec.dependsOn is empty: it must be a list.']));

  test('CEL rules, on values with their defaults', () => {
    checkSchema(
      `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: a }
spec:
  interval: 1h
`,
      ['4:1 schema-rule spec: either chart or chartRef must be set'],
    );
    checkSchema(
      `apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: { name: a }
spec: { interval: 1h, bucketName: b, endpoint: e, serviceAccountName: s }
`,
      ["4:1 schema-rule spec: ServiceAccountName is not supported for the 'generic' Bucket provider"],
    );
  });

  test('CEL expressions that do not parse', () =>
    checkSchema(
      flux(
        `${good}\nhealthCheckExprs:\n  - apiVersion: example.com/v1\n    kind: Thing\n    current: status.a ==\n    failed: status.?b.orValue(1) == 1`,
      ),
      [
        '12:16 schema-value spec.healthCheckExprs[0].current is no CEL expression: found = but expecting end of input at 1:10.',
      ],
    ));

  test('every served version is understood, old ones by their own schema', () => {
    checkSchema(flux(`${good}\nvalidation: client`).replace('/v1', '/v1beta1'), []);
    checkSchema(flux(`${good}\nvalidation: client`), ['9:3 schema-unknown-field Unknown field "validation" in spec.']);
  });
});

describe('Kubernetes', () => {
  const deployment = (container: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: example.com/api
${container.replace(/^/gm, '          ')}`;

  test('null and the empty enumeration value count as not set', () =>
    checkSchema(deployment('imagePullPolicy: ""\nenv:\nresources: null'), []));

  test('quantities, ports by name or number, ranges', () => {
    checkSchema(
      deployment(
        'resources: { limits: { cpu: 1, memory: 1Gi } }\nlivenessProbe: { httpGet: { port: http } }\nreadinessProbe: { httpGet: { port: 80 } }',
      ),
      [],
    );
    checkSchema(deployment('resources: { limits: { cpu: 1 core } }\nports: [{ containerPort: 4294967296 }]'), [
      '12:39 schema-value spec.template.spec.containers[0].resources.limits.cpu must be a quantity such as 500m or 1Gi; "1 core" is not.',
      '13:36 schema-value spec.template.spec.containers[0].ports[0].containerPort does not fit into 32 bits: the server would cut off "4294967296".',
    ]);
  });

  test('an entry of a keyed list twice, keys with their defaults', () =>
    checkSchema(deployment('ports:\n  - { containerPort: 80 }\n  - { containerPort: 80, protocol: TCP }'), [
      '14:32 schema-value spec.template.spec.containers[0].ports has the same containerPort and protocol twice.',
    ]));

  test('what the server asks of workloads beyond the schema', () =>
    checkSchema(
      deployment(
        'ports: [{ containerPort: 70000, name: Web }]\nvolumeMounts: [{ name: data, mountPath: /data }]',
      ).replace('matchLabels: { app: api }', 'matchLabels: { app: web }'),
      [
        '5:30 schema-value The selector asks for the label app: web, which the pod template does not have.',
        '12:36 schema-value spec.template.spec.containers[0].ports[0].containerPort must be at most 65535; "70000" is not.',
        '12:49 schema-value spec.template.spec.containers[0].ports[0].name must be a name of at most 15 lower-case letters, digits and "-"; "Web" is not.',
        '13:34 schema-value spec.template.spec.containers[0].volumeMounts[0].name: the pod has no volume "data".',
      ],
    ));

  test('strings that YAML reads as something else', () =>
    checkSchema(configMap('data:\n  a: 1\n  b: true\n  c: yes\n  d: "1"\n'), [
      '5:6 schema-type data.a must be a string, not the number 1: write it in quotes.',
      '6:6 schema-type data.b must be a string, not the boolean true: write it in quotes.',
    ]));

  test('labels', () =>
    checkSchema(configMap('').replace('name: a', 'name: a, labels: { "a b": c, ok: "-x", fine: x }'), [
      '3:32 schema-value "a b" is not a valid key: it may have a DNS prefix and "/", then up to 63 letters, digits, "-", "_" and ".".',
      '3:46 schema-value The label ok must be at most 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit.',
    ]));

  test("a Secret's values are never repeated", () => {
    const found = problems(
      'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { password: hunter2! }\nstringData: { pin: 4711 }',
    );
    expect(found).toHaveLength(2);
    expect(found.join()).not.toMatch(/hunter2|4711/);
  });
});

describe('what is not known yet is not judged', () => {
  test('substitutions', () =>
    checkSchema(
      flux(good.replace('true', '${PRUNE}').replace('10m', '${INTERVAL:=5m}').replace('GitRepository', '${K}')),
      [],
    ));

  test('SOPS', () =>
    checkSchema(
      `apiVersion: v1
kind: Secret
metadata: { name: a }
data: { a: "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]" }
sops: { mac: "ENC[AES256_GCM,data:x]", lastmodified: "2026-01-01T00:00:00Z", version: 3.9.0 }
`,
      [],
    ));

  test('patches: missing fields and directives, but not wrong ones', () =>
    checkSchema(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\nspec:\n  replicas: many\n  template: { spec: { containers: [{ $patch: delete, name: a }] } }\n',
      ['5:13 schema-type spec.replicas must be a whole number, not the string many.'],
      { partial: true },
    ));

  test('kinds that nobody describes', () =>
    checkSchema('apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: A }\n', []));
});

describe("the workspace's own CRDs", () => {
  const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Thing, plural: things }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: { type: integer, minimum: 1 }
                mode: { type: string, pattern: "^(a+)+$" }
                set: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                namespace: { type: string }
              x-kubernetes-validations:
                - rule: "!has(self.size) || self.size < 10"
                  messageExpression: "'size is ' + string(self.size)"
                  fieldPath: .size
                - rule: self.namespace == oldSelf.namespace
                - rule: quantity(self.mode).isGreaterThan(quantity('1'))
                - rule: self.__namespace__ != 'bad'
                  message: bad namespace
`;
  const root = parse(crd, 'crd.yaml').documents[0]!.root!;
  const own = schemas.withCrds(root.kind === 'mapping' ? [root] : []);

  function checkOwn(spec: string, expected: readonly string[]): void {
    const text = `apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: ${spec}\n`;
    const object = parse(text, 'a.yaml').documents[0]!.root!;
    const found = object.kind === 'mapping' ? own.validate(object) : [];
    expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual(expected);
  }

  test('its fields, bounds and sets', () =>
    checkOwn('{ size: 0, other: 1, set: [a, b, a] }', [
      'schema-value spec.size must be at least 1; "0" is not.',
      'schema-unknown-field Unknown field "other" in spec.',
      'schema-value spec.set has a twice.',
    ]));

  test('a hostile pattern costs nothing', () =>
    checkOwn(`{ mode: ${'a'.repeat(60)}! }`, [
      `schema-value spec.mode must be of the form ^(a+)+$; "${'a'.repeat(57)}..." is not.`,
    ]));

  test('rules: evaluated where they can be, silent where they cannot', () => {
    checkOwn('{ size: 11, namespace: x }', ['schema-rule spec: size is 11']);
    checkOwn('{ namespace: bad }', ['schema-rule spec: bad namespace']);
  });
});

describe('kustomization files', () => {
  const as = { as: { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' } };

  test('are decoded strictly, in any case', () =>
    checkSchema(
      'Resources: [a.yaml]\nresource: [b.yaml]\nimages: [{ name: a, newTag: 1.5 }]\nreplicas: [{ name: a, count: "3" }]\n',
      [
        '2:1 schema-unknown-field Unknown field "resource"; did you mean "resources"?',
        '3:29 schema-type images[0].newTag must be a string, not the number 1.5: write it in quotes.',
        '4:30 schema-type replicas[0].count must be a whole number, not the string 3.',
      ],
      as,
    ));
});
