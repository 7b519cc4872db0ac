/** The conformance set: cases drawn from kustomize's own tests, each byte-equal or refused where kustomize refuses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chartInflator } from '../../../src/engine/index.ts';
import type { KustomizeRequest } from '../../../src/engine/kustomize/index.ts';
import { diskTree } from '../../../src/io/disk.ts';
import { conformance, newKustomizer, printResult } from './kustomizer.ts';

interface Case {
  readonly path: string;
  readonly expect: 'ok' | 'error';
  readonly options: Readonly<Record<string, string>>;
}

/** Cases that differ, each with its reason: none does. */
const known: Readonly<Record<string, string>> = {};

function optionsOf({ options }: Case): Partial<KustomizeRequest> {
  const loadRestrictor = options.LoadRestrictions?.endsWith('None') ? ('none' as const) : ('rootonly' as const);
  const isLegacy = /Legacy|Unspecified/.test(options.Reorder ?? '');
  return {
    loadRestrictor,
    reorder: isLegacy ? 'legacy' : 'none',
    managedByLabel: options.AddManagedbyLabel === 'true',
    alphaPlugins: options.PluginsEnabled === 'true',
    ...(options.EnableHelm === 'true' && { helm: chartInflator() }),
  };
}

test.skipIf(!existsSync(conformance))('the conformance set', () => {
  const wrong: string[] = [];
  const names = readdirSync(conformance).filter((name) => existsSync(join(conformance, name, 'case.json')));
  for (const name of names) {
    const folder = join(conformance, name);
    const info = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
    const tree = diskTree(join(folder, 'in'));
    const result = newKustomizer().build({ tree, path: `/${info.path}`.replace(/\/$/, '') || '/', ...optionsOf(info) });
    const errors = result.problems.filter(({ severity }) => severity === 'error');
    const said = errors.map(({ message, at }) => `${message} (${at?.file}:${at?.start})`).join('\n');
    if (info.expect === 'error') {
      if (errors.length === 0) wrong.push(`${name}: built, but kustomize refuses it`);
    } else if (errors.length > 0) wrong.push(`${name}: ${said}`);
    else if (printResult(result) !== readFileSync(join(folder, 'expected.yaml'), 'utf8')) {
      wrong.push(`${name}: differs`);
      if (process.env.SHOW?.includes(name)) {
        expect(printResult(result)).toBe(readFileSync(join(folder, 'expected.yaml'), 'utf8'));
      }
    }
    if (process.env.SHOW_ERRORS && info.expect === 'error') console.log(`${name}: ${said}`);
  }
  const unknown = wrong.filter((line) => known[line.split(':')[0]!] === undefined);
  console.log(`kustomize conformance: ${names.length - wrong.length} of ${names.length} cases agree`);
  expect(unknown).toEqual([]);
});
