/**
 * The Go structs of Kubernetes' built-in kinds, as k8s.io/api declares them. Flux sends such an object through its struct
 * before it applies it, and what comes out depends on what only the Go source says: which fields there are, which are
 * left out when they are empty, and which are pointers. Read from the text: the declarations are of one simple form, and
 * anything else ends the build.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoTypes } from '../../src/engine/ports.ts';
import type { Recipe } from './recipe.ts';

/** Types that say themselves how they are written as JSON; `src/engine/plan/roundtrip.ts` knows each. */
const special: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'Quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'IntOrString',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'Time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'MicroTime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'any',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'any',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
  'k8s.io/apimachinery/pkg/types.NodeName': 'string',
};

/** What client-go does not register, so that Flux does not know it: the questions of webhooks. */
const unregistered = /^(admission|imagepolicy)\//;

const basic = new Set(['string', 'bool', 'int32', 'int64', 'float32', 'float64', '[]byte']);
const metaPackage = 'k8s.io/apimachinery/pkg/apis/meta/v1';

interface Field {
  /** Empty for a struct whose fields count as those of the one around it. */
  readonly name: string;
  readonly type: string;
  readonly omit: string;
}

interface Package {
  readonly structs: ReadonlyMap<string, readonly Field[]>;
  /** Named types that are no structs, with what they stand for. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The name under which each package is imported, to its path. */
  readonly imports: ReadonlyMap<string, string>;
}

export const goTypes: Recipe = {
  name: 'go-types',
  revision: 1,
  modules: [
    { path: 'k8s.io/api', version: 'v0.36.4', sum: 'h1:RxrvqCL6vgH5/+UnTeu1IIFqYmGfy0hnyrod1rn35Oo=' },
    { path: 'k8s.io/apimachinery', version: 'v0.36.4', sum: 'h1:PT2UzkupGuAx/+xT5XjiMJ1WGpY3fn9/hdAvjweRet4=' },
  ],
  async make([api, machinery]) {
    const packages = new Map([[metaPackage, readPackage(join(machinery!, 'pkg/apis/meta/v1'))]]);
    const kinds: Record<string, string> = {};
    for (const [path, folder] of apiFolders(api!)) packages.set(path, readPackage(folder));
    const types: Record<string, Record<string, string>> = {};
    for (const [path, folder] of apiFolders(api!)) {
      for (const [kind, name] of kindsOf(folder, packages.get(path)!)) {
        kinds[kind] = short(path, name);
        reach(path, name);
      }
    }
    return { 'go-types.json': JSON.stringify({ kinds, types } satisfies GoTypes), 'go-types.notice': notice };

    function reach(path: string, name: string): void {
      const key = short(path, name);
      if (types[key] !== undefined) return;
      types[key] = {}; // Before its fields are reached: some structs contain themselves.
      types[key] = fieldsOf(path, name);
    }

    function fieldsOf(path: string, name: string): Record<string, string> {
      const alias = packages.get(path)?.aliases.get(name);
      if (alias !== undefined) return fieldsOf(...located(path, alias));
      const fields = packages.get(path)?.structs.get(name);
      if (fields === undefined) throw new Error(`no struct ${name} in ${path}`);
      return Object.assign(
        {},
        ...fields.map((field) => {
          // How a whole struct counts as zero is nothing that the round trip knows.
          if (field.omit.includes('~') && !/Time$/.test(field.type)) throw new Error(`omitzero of a ${field.type}`);
          if (field.name !== '') return { [field.name]: `${resolve(path, field.type)}${field.omit}` };
          const [inside, inlined] = located(path, field.type);
          return fieldsOf(inside, inlined);
        }),
      );
    }

    /** A type of one package in terms that hold everywhere: `[]core/v1.Container`, `map[]Quantity`, `*int32`. */
    function resolve(path: string, type: string): string {
      if (basic.has(type)) return type;
      if (type.startsWith('*')) return `*${resolve(path, type.slice(1))}`;
      if (type.startsWith('[]')) return `[]${resolve(path, type.slice(2))}`;
      const map = /^map\[[\w.]+\](.+)$/.exec(type);
      if (map !== null) return `map[]${resolve(path, map[1]!)}`;
      const [inside, name] = located(path, type);
      const known = special[`${inside}.${name}`];
      if (known !== undefined) return known;
      const alias = packages.get(inside)?.aliases.get(name);
      if (alias !== undefined) return resolve(inside, alias);
      reach(inside, name);
      return short(inside, name);
    }

    function located(path: string, type: string): readonly [path: string, name: string] {
      const [before, name] = type.split('.') as [string, string | undefined];
      if (name === undefined) return [path, before];
      const inside = packages.get(path)!.imports.get(before);
      if (inside === undefined) throw new Error(`${type} in ${path}: no such import`);
      return [inside, name];
    }
  },
};

function short(path: string, name: string): string {
  return `${path.replace(/^k8s\.io\/(api|apimachinery\/pkg\/apis)\//, '')}.${name}`;
}

/** Import path and folder of each group and version. */
function apiFolders(api: string): readonly (readonly [string, string])[] {
  const folders = (at: string) =>
    readdirSync(at, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  return folders(api).flatMap((group) =>
    folders(join(api, group))
      .filter((version) => existsSync(join(api, group, version, 'register.go')))
      .filter((version) => !unregistered.test(`${group}/${version}`))
      .map((version) => [`k8s.io/api/${group}/${version}`, join(api, group, version)] as const),
  );
}

/** The kinds that a package registers and that are objects with a name, as `apps/v1/Deployment`, with their structs. */
function kindsOf(folder: string, { structs }: Package): readonly (readonly [string, string])[] {
  const source = readFileSync(join(folder, 'register.go'), 'utf8');
  const group = /GroupName = "([^"]*)"/.exec(source)![1]!;
  const version = /GroupVersion\{Group: GroupName, Version: "(\w+)"\}/.exec(source)![1]!;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return [...source.matchAll(/^\t+&(\w+)\{\},$/gm)].flatMap(([, name]) => {
    const named = structs.get(name!)?.some((field) => field.name === 'metadata' && field.type === 'metav1.ObjectMeta');
    return named === true ? [[`${apiVersion}/${name}`, name!] as const] : [];
  });
}

function readPackage(folder: string): Package {
  const structs = new Map<string, readonly Field[]>();
  const aliases = new Map<string, string>();
  const imports = new Map<string, string>();
  const files = readdirSync(folder).filter((name) => name.endsWith('.go') && !/_test\.go$|^zz_|\.pb\.go$/.test(name));
  for (const file of files.sort()) {
    const source = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [, name, path] of source.matchAll(/^(?:import |\t)(\w+ )?"([\w./-]+)"$/gm)) {
      imports.set(name?.trim() ?? path!.slice(path!.lastIndexOf('/') + 1), path!);
    }
    for (const [, name, type] of source.matchAll(/^type (\w+) (?:= )?((?:\[\]|map\[\w+\]|\*)*[\w.]+)(?: \/\/.*)?$/gm)) {
      aliases.set(name!, type!);
    }
    for (const [, name, body] of source.matchAll(/^type (\w+) struct ?\{(\}|\n[\s\S]*?^\})/gm)) {
      structs.set(
        name!,
        [...body!.matchAll(/^\t(?!\/\/)(\S.*)$/gm)].flatMap(([, line]) => fieldOf(line!)),
      );
    }
  }
  return { structs, aliases, imports };
}

function fieldOf(line: string): readonly Field[] {
  const match = /^(?:(\w+)\s+)?([\w.*[\]{}]+)\s*(?:`(.*)`)?(?:\s*\/\/.*)?$/.exec(line);
  if (match === null) throw new Error(`no field: ${line}`);
  const [, name, type, tags] = match;
  const [tag, ...options] = (/json:"([^"]*)"/.exec(tags ?? '')?.[1] ?? '').split(',');
  if (tag === '-') return [];
  const omit = `${options.includes('omitempty') ? '?' : ''}${options.includes('omitzero') ? '~' : ''}`;
  return [{ name: tag || (name ?? ''), type: type!, omit }];
}

const notice = `go-types.json
The fields of Kubernetes' built-in kinds, by the Kubernetes authors, under the Apache License 2.0 (see LICENSE).
`;
