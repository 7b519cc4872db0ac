/** The Flux kinds by the words that people type: `ks`, `kustomizations`, `GitRepository`. */
import { flux } from '../../engine/index.ts';
import { UsageError } from '../command.ts';

const aliases: Readonly<Record<string, string>> = {
  ks: 'Kustomization',
  hr: 'HelmRelease',
  gitrepo: 'GitRepository',
  ocirepo: 'OCIRepository',
  helmrepo: 'HelmRepository',
  hc: 'HelmChart',
  chart: 'HelmChart',
  imgrepo: 'ImageRepository',
  imgpol: 'ImagePolicy',
  imgupd: 'ImageUpdateAutomation',
  iua: 'ImageUpdateAutomation',
};

/** The Flux kind that a word means; throws a UsageError that lists them. */
export function kindOf(word: string): (typeof flux.fluxKinds)[number] {
  const lower = word.toLowerCase();
  const name = (aliases[lower] ?? lower).toLowerCase();
  const found = flux.fluxKinds.find(({ kind }) => {
    const one = kind.toLowerCase();
    return one === name || `${one}s` === name || (one.endsWith('y') && `${one.slice(0, -1)}ies` === name);
  });
  if (found !== undefined) return found;
  throw new UsageError(`${word} is no Flux kind; there are ${flux.fluxKinds.map(({ kind }) => kind).join(', ')}`);
}

export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** `KIND/NAME`, or the two as separate words. */
export function namedOf(words: readonly string[]): Named {
  const [first = '', second] = words;
  const parts = second === undefined ? first.split('/') : [first, second];
  if (words.length > 2 || parts.length !== 2 || parts.some((part) => part === '')) {
    throw new UsageError('name one object as KIND/NAME');
  }
  return { kind: parts[0]!, name: parts[1]! };
}
