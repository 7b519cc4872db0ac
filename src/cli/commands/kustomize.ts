/** `sluice kustomize`: what `kustomize build` prints, byte for byte. */
import { parse as parsePath, relative, resolve, sep } from 'node:path';
import { chartInflator, type KustomizeRequest, printAll } from '../../engine/index.ts';
import { diskTree, snapshot } from '../../io/disk.ts';
import { loadKustomizer } from '../../io/kustomizer.ts';
import { chartLimit } from '../../io/limit.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { printProblems } from '../problems.ts';

export const kustomize: Command = {
  name: 'kustomize',
  usage:
    'DIR [--reorder none|legacy] [--load-restrictor none|rootonly] [--enable-managedby-label] [--enable-alpha-plugins] ' +
    '[--enable-helm]',
  summary: 'what `kustomize build` prints',
  options: {
    reorder: { type: 'string' },
    'load-restrictor': { type: 'string' },
    'enable-managedby-label': { type: 'boolean' },
    'enable-alpha-plugins': { type: 'boolean' },
    'enable-helm': { type: 'boolean' },
  },
  run,
};

async function run(invocation: Invocation): Promise<ExitCode> {
  const { words, options, cwd, out } = invocation;
  if (words.length > 1) throw new UsageError('give one DIR');
  const folder = resolve(cwd, words[0] ?? '.');
  const { root } = parsePath(folder);
  const inside = (path: string): string => `/${path.slice(root.length).split(sep).join('/')}`;
  // The tree is the whole disk, as for kustomize: bases may lie anywhere beside the directory.
  const tree = snapshot(diskTree(root, { name: (path) => shown(cwd, `${root}${path.slice(1)}`) }));
  const result = loadKustomizer().build({ tree, path: inside(folder), ...requestOptions(options) });
  printProblems(invocation, result.problems, (name) => tree.file(inside(resolve(cwd, name)))?.text);
  if (result.problems.some(({ severity }) => severity === 'error')) return 2;
  out(
    printAll(
      result.objects.map(({ node }) => node),
      'kyaml',
    ),
  );
  return 0;
}

function shown(cwd: string, path: string): string {
  return relative(cwd, path) || path;
}

type Options = Invocation['options'];

function requestOptions(
  options: Options,
): Pick<KustomizeRequest, 'reorder' | 'loadRestrictor' | 'managedByLabel' | 'helm'> {
  return {
    reorder: choice(options, 'reorder', ['none', 'legacy']),
    loadRestrictor: restrictor(options),
    managedByLabel: options['enable-managedby-label'] === true,
    ...(options['enable-helm'] === true && { helm: chartInflator(chartLimit()) }),
  };
}

function choice<T extends string>(options: Options, name: string, allowed: readonly [T, ...T[]]): T {
  const given = options[name];
  if (given === undefined) return allowed[0];
  const chosen = allowed.find((each) => each === given);
  if (chosen === undefined) throw new UsageError(`--${name} is ${allowed.join(' or ')}, not ${String(given)}`);
  return chosen;
}

/** kustomize's own spelling of the values is understood, too. */
function restrictor(options: Options): 'none' | 'rootonly' {
  const given = options['load-restrictor'];
  if (given === 'LoadRestrictionsNone') return 'none';
  if (given === 'LoadRestrictionsRootOnly') return 'rootonly';
  return choice(options, 'load-restrictor', ['rootonly', 'none']);
}
