/**
 * The schema of kustomization files. Kustomize publishes none, so these are its fields (api/types of v5.8) in our own
 * words. Kustomize decodes strictly: a field that is not here is an error there, too.
 */
import type { PackKind, PackReader } from './pack.ts';
import type { Schema } from './schema.ts';

const group = 'kustomize.config.k8s.io';

/** Kustomize files as a pack of their own. */
export function kustomizeKinds(): PackReader {
  const kinds: readonly PackKind[] = [
    { group, version: 'v1beta1', kind: 'Kustomization', plural: '', namespaced: false, definition: 'kustomization' },
    { group, version: 'v1alpha1', kind: 'Component', plural: '', namespaced: false, definition: 'kustomization' },
  ];
  return { kinds, definition: (name) => (name === 'kustomization' ? kustomization : undefined) };
}

/** Whether a group's objects are files that tools read, not objects that a cluster stores. */
export function isToolFile(ofGroup: string): boolean {
  return ofGroup === group;
}

function string(description: string, more: Partial<Schema> = {}): Schema {
  return { type: 'string', description, ...more };
}

function boolean(description: string): Schema {
  return { type: 'boolean', description };
}

function object(description: string, properties: Record<string, Schema>, required: readonly string[] = []): Schema {
  return { type: 'object', description, properties, ...(required.length === 0 ? {} : { required }) };
}

function list(description: string, items: Schema): Schema {
  return { type: 'array', description, items };
}

function strings(description: string): Schema {
  return list(description, { type: 'string' });
}

function map(description: string): Schema {
  return { type: 'object', description, additionalProperties: { type: 'string' } };
}

const identity: Record<string, Schema> = {
  group: string('The API group.'),
  version: string('The API version.'),
  kind: string('The kind.'),
  name: string('The name.'),
  namespace: string('The namespace.'),
};

const selector = object('Which objects. Names, namespaces and kinds are regular expressions that match as a whole.', {
  ...identity,
  labelSelector: string('A label selector, such as `app=api,tier!=db`.'),
  annotationSelector: string('An annotation selector, in the syntax of label selectors.'),
});

const patch = object('One patch, inline or from a file.', {
  path: string('The file that holds the patch.'),
  patch: string('The patch itself: a strategic merge patch, or a list of JSON patch operations.'),
  target: selector,
  options: object('What the patch may change besides fields.', {
    allowNameChange: boolean('Let the patch change the name.'),
    allowKindChange: boolean('Let the patch change the kind.'),
  }),
});

const fieldSpecs = list(
  'Further fields to set.',
  object('A field of a kind.', {
    group: identity.group!,
    version: identity.version!,
    kind: identity.kind!,
    path: string('The path of the field, such as `spec/template/metadata/labels`.'),
    create: boolean('Create the field where it is missing.'),
  }),
);

const generatorOptions = object('How generated objects look.', {
  labels: map('Labels of the generated objects.'),
  annotations: map('Annotations of the generated objects.'),
  disableNameSuffixHash: boolean('Leave out the hash of the content that is put after the name.'),
  immutable: boolean('Mark the generated objects as immutable.'),
});

const generator: Record<string, Schema> = {
  name: string('The name, to which a hash of the content is added.'),
  namespace: string('The namespace.'),
  behavior: string('What to do with an object of the same name from a base.', { enum: ['create', 'replace', 'merge'] }),
  literals: strings('`key=value` pairs.'),
  files: strings('Files, each `path` or `key=path`; the key defaults to the file name.'),
  envs: strings('Files of `KEY=VALUE` lines.'),
  env: string('One file of `KEY=VALUE` lines; `envs` takes several.'),
  options: generatorOptions,
};

const image = object('A change to the images of containers.', {
  name: string('The image to change, without tag.'),
  newName: string('The image to use instead.'),
  newTag: string('The tag to use; in quotes where it looks like a number.'),
  digest: string('The digest to use instead of a tag.'),
  tagSuffix: string('Text to put after the tag that is there.'),
});

const fieldOptions = object('Which part of a field.', {
  delimiter: string('Splits the field into parts.'),
  index: { type: 'integer', description: 'Which of the parts; below 0 prepends, beyond the last appends.' },
  encoding: string('How the field is encoded.', { enum: ['base64', 'hex', 'none'] }),
  create: boolean('Create the target field where it is missing.'),
});

const replacement = object('Copies a value from one field to others.', {
  path: string('A file that holds the replacement.'),
  source: object('Where the value comes from.', {
    ...identity,
    fieldPath: string('The field, `metadata.name` by default.'),
    options: fieldOptions,
  }),
  sourceValue: string('A fixed value, instead of a source.'),
  targets: list(
    'Where the value goes.',
    object('A target.', {
      select: selector,
      reject: list('Objects that are left out again.', selector),
      fieldPaths: strings('The fields that get the value.'),
      options: fieldOptions,
    }),
  ),
});

const label = object('Labels, and where they go.', {
  pairs: map('The labels.'),
  includeSelectors: boolean('Also set selectors (which are immutable for workloads) and templates.'),
  includeTemplates: boolean('Also set the labels of templates.'),
  includeVolumeClaimTemplates: boolean('Also set the labels of volume claim templates.'),
  fields: fieldSpecs,
});

const helmChart = object('A chart to inflate. Flux never does this: use a HelmRelease.', {
  name: string('The chart.'),
  version: string('The version.'),
  repo: string('The repository.'),
  releaseName: string('The name of the release.'),
  namespace: string('The namespace of the release.'),
  additionalValuesFiles: strings('Further values files.'),
  valuesFile: string('The values file.'),
  valuesInline: { type: 'object', description: 'Values.', 'x-kubernetes-preserve-unknown-fields': true },
  valuesMerge: string('How inline values and file go together.', { enum: ['merge', 'override', 'replace'] }),
  includeCRDs: boolean('Also the CRDs of the chart.'),
  skipHooks: boolean('Leave out hooks.'),
  apiVersions: strings('API versions that templates see.'),
  kubeVersion: string('The Kubernetes version that templates see.'),
  nameTemplate: string('A template for the name of the release.'),
  skipTests: boolean('Leave out tests.'),
  debug: boolean('Print more.'),
  devel: boolean('Also pre-releases.'),
});

const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

const kustomization: Schema = object('What to build from this folder.', {
  apiVersion: string('Of the file format.', {
    enum: ['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1alpha1'],
  }),
  kind: string('Kustomization, or Component for a part that others include.', { enum: ['Kustomization', 'Component'] }),
  metadata: object('Names the file; of no consequence for the build.', {
    name: string('A name.'),
    namespace: string('A namespace.'),
    labels: map('Labels.'),
    annotations: map('Annotations.'),
  }),
  resources: strings('Files with objects, and folders (or Git URLs) with a kustomization of their own.'),
  components: strings('Folders with a Component, applied after the resources.'),
  namespace: string('The namespace of every object.'),
  namePrefix: string('Put before every name.'),
  nameSuffix: string('Put after every name.'),
  labels: list('Labels to add.', label),
  commonLabels: map('Labels to add everywhere, selectors included. Deprecated: use `labels`.'),
  commonAnnotations: map('Annotations to add everywhere.'),
  patches: list('Patches, in order.', patch),
  patchesStrategicMerge: strings('Strategic merge patches. Deprecated: use `patches`.'),
  patchesJson6902: list('JSON patches. Deprecated: use `patches`.', patch),
  images: list('Changes to images.', image),
  imageTags: list('Changes to images. Deprecated: use `images`.', image),
  replicas: list(
    'Changes to replica counts.',
    object('A count.', {
      name: string('The workload.'),
      count: { type: 'integer', description: 'How many replicas.' },
    }),
  ),
  replacements: list('Copies of values between fields.', replacement),
  configMapGenerator: list('ConfigMaps to generate.', object('A ConfigMap.', generator)),
  secretGenerator: list(
    'Secrets to generate.',
    object('A Secret.', { ...generator, type: string('The type of the Secret.') }),
  ),
  generatorOptions,
  vars: list('Variables. Deprecated: use `replacements`.', anything),
  crds: strings('Files with OpenAPI definitions of custom kinds.'),
  configurations: strings('Files with settings of the built-in transformers.'),
  generators: strings('Files or folders with generator settings.'),
  transformers: strings('Files or folders with transformer settings.'),
  validators: strings('Files or folders with validator settings.'),
  buildMetadata: list('What to note on the objects.', {
    type: 'string',
    enum: ['originAnnotations', 'transformerAnnotations', 'managedByLabel'],
  }),
  sortOptions: object('The order of the output.', {
    order: string('The rule.', { enum: ['legacy', 'fifo'] }),
    legacySortOptions: object('Kinds that come first and last.', {
      orderFirst: strings('Kinds that come first.'),
      orderLast: strings('Kinds that come last.'),
    }),
  }),
  openapi: map('Where definitions come from: `path` or `version`.'),
  bases: strings('Folders with a kustomization. Deprecated: use `resources`.'),
  helmCharts: list('Charts to inflate. Flux never does this: use a HelmRelease.', helmChart),
  helmGlobals: object('Settings of `helmCharts`.', {
    chartHome: string('The folder of charts.'),
    configHome: string('The folder of Helm settings.'),
  }),
  helmChartInflationGenerator: list('Charts to inflate. Deprecated.', anything),
});
