/**
 * Flux's and Flux Operator's CRDs. `flux-schemas.pack` holds every version that any Flux release since 2.2 served, so
 * that old API versions are understood and can be told to be old; `flux-crds.yaml` is the newest release's set as it
 * is installed into a cluster. All of it comes from the Flux Operator module, which carries each release's manifests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PackKind } from '../../src/engine/schema/pack.ts';
import { writePack } from './pack.ts';
import type { Recipe } from './recipe.ts';

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly scope: 'Namespaced' | 'Cluster';
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly deprecated?: boolean;
      readonly deprecationWarning?: string;
      readonly schema: { readonly openAPIV3Schema: unknown };
    }[];
  };
}

export const fluxSchemas: Recipe = {
  name: 'flux-schemas',
  revision: 2,
  modules: [
    {
      path: 'github.com/controlplaneio-fluxcd/flux-operator',
      version: 'v0.59.0',
      sum: 'h1:jByuiWYtjSJxucGHuz68tV0DeVFz5CYrKQYfxAwE7lE=',
    },
  ],
  async make([folder]) {
    const releases = lastPatches(join(folder!, 'config/data/flux'));
    const newest = releases.at(-1)!;
    const operator = documents(join(folder!, 'config/crd/bases'));
    const kinds = new Map<string, PackKind>();
    const definitions = new Map<string, unknown>();
    for (const release of releases) {
      const minor = `Flux ${release.split('.').slice(0, 2).join('.')}`;
      for (const text of documents(join(folder!, 'config/data/flux', `v${release}`))) {
        add(text, release === newest ? undefined : minor);
      }
    }
    for (const text of operator) add(text, undefined);

    function add(text: string, servedUntil: string | undefined): void {
      const { spec } = parse(text) as Crd;
      const served = spec.versions.filter((version) => version.served);
      const latest = served.map((version) => version.name).sort(byMaturity)[0]!;
      for (const version of served) {
        const definition = `${spec.group}/${version.name}/${spec.names.kind}`;
        kinds.set(definition, {
          group: spec.group,
          version: version.name,
          kind: spec.names.kind,
          plural: spec.names.plural,
          namespaced: spec.scope === 'Namespaced',
          definition,
          ...(version.name === latest ? {} : { successor: latest }),
          ...(version.deprecated ? { deprecated: version.deprecationWarning ?? `${definition} is deprecated` } : {}),
          ...(servedUntil === undefined ? {} : { servedUntil }),
        });
        definitions.set(definition, withOperatorKinds(spec.names.kind, version.schema.openAPIV3Schema));
      }
    }

    const all = [...kinds.values()].map((kind) => withSuccessor(kind, [...kinds.values()]));
    const newestTexts = [...documents(join(folder!, 'config/data/flux', `v${newest}`)), ...operator];
    return {
      'flux-schemas.pack': writePack(all, definitions),
      'flux-crds.yaml': `${newestTexts.map((text) => `---\n${text.trim()}\n`).join('')}`,
      'flux-schemas.notice': notice(newest, readFileSync(join(folder!, 'LICENSE'), 'utf8')),
    };
  },
};

/** Flux Operator, where it installs Flux, adds its own kinds to those that alerts and receivers may name. */
function withOperatorKinds(kind: string, schema: unknown): unknown {
  const list = { Alert: 'eventSources', Receiver: 'resources' }[kind];
  if (list === undefined) return schema;
  const copy = structuredClone(schema) as {
    properties: { spec: { properties: Record<string, { items: { properties: { kind: { enum: string[] } } } }> } };
  };
  const { kind: named } = copy.properties.spec.properties[list]!.items.properties;
  named.enum = [...new Set([...named.enum, 'FluxInstance', 'ResourceSet', 'ResourceSetInputProvider'])];
  return copy;
}

/** The last patch release of each minor release, oldest first: within a minor, the served versions never change. */
function lastPatches(folder: string): readonly string[] {
  const versions = readdirSync(folder)
    .map((name) => name.slice(1).split('.').map(Number) as [number, number, number])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  const last = new Map(versions.map((version) => [`${version[0]}.${version[1]}`, version.join('.')]));
  return [...last.values()];
}

/** The CRD documents of every YAML file in a folder. */
function documents(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split(/^---$/m))
    .filter((text) => /^kind: CustomResourceDefinition$/m.test(text));
}

/** A version that only old releases served was the newest one then; what replaces it is the newest one now. */
function withSuccessor(kind: PackKind, all: readonly PackKind[]): PackKind {
  const newest = all
    .filter((other) => other.group === kind.group && other.kind === kind.kind && other.servedUntil === undefined)
    .map((other) => other.version)
    .sort(byMaturity)[0];
  return newest === undefined || newest === kind.version ? kind : { ...kind, successor: newest };
}

/** Kubernetes' order of versions: v2, v1, v2beta2, v2beta1, v1beta1, v1alpha1. */
function byMaturity(a: string, b: string): number {
  return rank(b) - rank(a);
}

function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) throw new Error(`unknown form of version: ${version}`);
  const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return stage * 1e6 + Number(match[1]) * 1e3 + Number(match[3] ?? 0);
}

function notice(release: string, license: string): string {
  return [
    `flux-schemas.pack, flux-crds.yaml`,
    `The CustomResourceDefinitions of Flux (up to release ${release}), by the Flux authors, under the Apache License 2.0 (see LICENSE).`,
    `The CustomResourceDefinitions of Flux Operator (group fluxcd.controlplane.io), by ControlPlane, under the GNU Affero`,
    `General Public License 3.0, as published in the module github.com/controlplaneio-fluxcd/flux-operator:`,
    '',
    license,
  ].join('\n');
}
