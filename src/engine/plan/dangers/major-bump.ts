/** A new major version of an image or a chart: what breaks is in its release notes, not in the difference. */
import { titleOf } from '../../objects/object.ts';
import { stringAt } from '../../status/fields.ts';
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

function chart(title: string, before: Json, after: Json): readonly Finding[] {
  const path = ['spec', 'chart', 'spec', 'version'];
  const [was, is] = [stringAt(before, ...path), stringAt(after, ...path)];
  if (stringAt(after, 'kind') !== 'HelmRelease' || !isMajor(was, is)) return [];
  const name = stringAt(after, 'spec', 'chart', 'spec', 'chart');
  return [
    {
      severity: 'warning',
      message: `${title}: the chart ${name} goes from ${was} to ${is}, a new major version`,
      path,
    },
  ];
}

function splitImage(image: string): { readonly name: string; readonly tag: string } {
  const plain = image.split('@')[0]!;
  const colon = plain.lastIndexOf(':');
  return colon > plain.lastIndexOf('/')
    ? { name: plain.slice(0, colon), tag: plain.slice(colon + 1) }
    : { name: plain, tag: '' };
}

/** The first number of both, when each looks like a version of at least two numbers. */
function isMajor(was: string, is: string): boolean {
  const [a, b] = [was, is].map((text) => /^[\^~>=v\s]*(\d+)\.[\dx*]/.exec(text)?.[1]);
  return a !== undefined && b !== undefined && Number(b) > Number(a);
}
