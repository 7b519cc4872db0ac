/** A new major version of an image or a chart: what breaks is in its release notes, not in the difference. */
import { titleOf } from '../../objects/object.ts';
import { stringAt } from '../../status/fields.ts';
import { isFlux } from '../../status/health.ts';
import type { Json } from '../../yaml/resolve.ts';
import type { DangerRule, Finding } from './rule.ts';

export const majorBump: DangerRule = {
  name: 'major-bump',
  check({ entry, before, after }) {
    if (before === undefined || after === undefined) return [];
    const images = entry.changes.flatMap(({ path, before: was, after: is }): readonly Finding[] => {
      if (path.at(-1) !== 'image' || typeof was !== 'string' || typeof is !== 'string') return [];
      const [old, now] = [splitImage(was), splitImage(is)];
      if (old.name !== now.name || !isMajor(old.tag, now.tag)) return [];
      return [
        {
          severity: 'warning',
          message: `${titleOf(entry.id)}: ${now.name} goes from ${old.tag} to ${now.tag}, a new major version`,
          path,
        },
      ];
    });
    return [...images, ...chart(titleOf(entry.id), before, after)];
  },
};

/** Where each kind that names a chart's version has it: a release itself, or what its `chartRef` points to. */
const versions: Readonly<Record<string, readonly (readonly string[])[]>> = {
  HelmRelease: [['spec', 'chart', 'spec', 'version']],
  HelmChart: [['spec', 'version']],
  OCIRepository: [
    ['spec', 'ref', 'tag'],
    ['spec', 'ref', 'semver'],
  ],
};

function chart(title: string, before: Json, after: Json): readonly Finding[] {
  return (versions[stringAt(after, 'kind')] ?? []).flatMap((path): readonly Finding[] => {
    const [was, is] = [stringAt(before, ...path), stringAt(after, ...path)];
    if (!isFlux(after) || !isMajor(was, is)) return [];
    const name = stringAt(after, 'spec', 'chart', 'spec', 'chart') || stringAt(after, 'spec', 'chart');
    const what = name !== '' ? `the chart ${name}` : stringAt(after, 'spec', 'url').replace(/^oci:\/\//, '');
    return [{ severity: 'warning', message: `${title}: ${what} goes from ${was} to ${is}, a new major version`, path }];
  });
}

function splitImage(image: string): { readonly name: string; readonly tag: string } {
  const plain = image.split('@')[0]!;
  const colon = plain.lastIndexOf(':');
  return colon > plain.lastIndexOf('/')
    ? { name: plain.slice(0, colon), tag: plain.slice(colon + 1) }
    : { name: plain, tag: '' };
}

/** What a release's storage says of its chart, beside the one that is rendered: the version may be in no field at all. */
export function releaseBump(
  title: string,
  was: string,
  { name, version: is = '' }: { readonly name: string; readonly version?: string },
): Finding | undefined {
  if (!isMajor(was, is)) return undefined;
  return { severity: 'warning', message: `${title}: the chart ${name} goes from ${was} to ${is}, a new major version` };
}

/** The first number of both, when each looks like a version of at least two numbers. */
function isMajor(was: string, is: string): boolean {
  const [a, b] = [was, is].map((text) => /^[\^~>=v\s]*(\d+)\.[\dx*]/.exec(text)?.[1]);
  return a !== undefined && b !== undefined && Number(b) > Number(a);
}
