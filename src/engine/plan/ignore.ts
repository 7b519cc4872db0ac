/**
 * `spec.ignore` of a Kustomization: fields that something else in the cluster owns. They are left out of the comparison;
 * where one drifted, it is left out of what is sent when another manager applies it, else the live value is sent.
 */
import { RE2JS } from 're2js';
import { isObject, type JsonObject, stringAt, stringsAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { type Path, same } from './changes.ts';
import { managedFields, owns } from './managers.ts';
import type { IgnoreRule } from './owner.ts';
import { matchesSelector } from './selector.ts';

/** The ignored paths of the rules whose target matches `object`. */
export function ignoredPaths(rules: readonly IgnoreRule[], object: Json): readonly (readonly string[])[] {
  return rules.filter((rule) => targets(rule.target, object)).flatMap((rule) => rule.paths.map(parsePointer));
}

function targets(target: IgnoreRule['target'], object: Json): boolean {
  const apiVersion = stringAt(object, 'apiVersion');
  const slash = apiVersion.indexOf('/');
  const fields: Readonly<Record<string, string>> = {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: stringAt(object, 'kind'),
    name: stringAt(object, 'metadata', 'name'),
    namespace: stringAt(object, 'metadata', 'namespace'),
  };
  for (const [name, value] of Object.entries(fields)) {
    const pattern = target[name];
    if (pattern !== undefined && pattern !== '' && !fullMatch(pattern, value)) return false;
  }
  return (
    matchesSelector(target.labelSelector ?? '', stringsAt(object, 'metadata', 'labels')) &&
    matchesSelector(target.annotationSelector ?? '', stringsAt(object, 'metadata', 'annotations'))
  );
}

function fullMatch(pattern: string, value: string): boolean {
  try {
    return RE2JS.compile(`^(?:${pattern})$`).matcher(value).find();
  } catch {
    return false;
  }
}

function parsePointer(pointer: string): readonly string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A copy without what stands at the paths. */
export function without(object: Json, paths: readonly (readonly string[])[]): Json {
  return paths.reduce((out, path) => removeAt(out, path), object);
}

function removeAt(value: Json, path: readonly string[]): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    const index = Number(step);
    if (!Number.isInteger(index) || value[index] === undefined) return value;
    if (rest.length === 0) return value.filter((_, position) => position !== index);
    return value.map((item, position) => (position === index ? removeAt(item, rest) : item));
  }
  if (!isObject(value) || value[step] === undefined) return value;
  if (rest.length > 0) return { ...value, [step]: removeAt(value[step], rest) };
  const { [step]: _removed, ...others } = value;
  return others;
}

function setAt(value: Json, path: readonly string[], to: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === step ? setAt(item, rest, to) : item));
  if (!isObject(value) || value[step] === undefined) return value;
  return { ...value, [step]: setAt(value[step], rest, to) };
}

function lookup(value: Json | undefined, path: readonly string[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = here[Number(step)];
    else here = isObject(here) ? here[step] : undefined;
  }
  return here;
}

/** The payload to send for an object whose ignored fields drifted. */
export function settleIgnored(
  payload: JsonObject,
  live: Json,
  dryRun: Json,
  paths: readonly (readonly string[])[],
  manager: string,
): JsonObject {
  let out: Json = payload;
  for (const path of paths) {
    const [is, would] = [lookup(live, path), lookup(dryRun, path)];
    if (is !== undefined && would !== undefined && same(is, would)) continue;
    if (is === undefined && would === undefined) continue;
    const owned = managedFields(live).some(
      (entry) =>
        entry.operation === 'Apply' &&
        entry.subresource === '' &&
        entry.manager !== manager &&
        owns(entry.fields, live, indexed(path)),
    );
    out = owned || is === undefined ? removeAt(out, path) : setAt(out, path, is);
  }
  return out as JsonObject;
}

function indexed(path: readonly string[]): Path {
  return path.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
