/** Addresses, ignore rules and globs: what decides which files a source is. */
import { expect, test } from 'vitest';
import {
  artifactTree,
  loadPatterns,
  mountTree,
  sameRepository,
  sourcePatterns,
  subTree,
} from '../../../src/engine/index.ts';
import { doubleStar, globTree } from '../../../src/engine/sources/glob.ts';
import { type Files, treeOf } from '../render/check.ts';

test.each([
  ['https://github.com/Acme/Fleet.git', 'git@github.com:acme/fleet'],
  ['ssh://git@github.com:22/acme/fleet', 'https://user:token@github.com/acme/fleet/'],
  ['ssh://git@host:2222/a/b', 'ssh://host:2222/a/b.git'],
  ['oci://ghcr.io/acme/fleet', 'oci://ghcr.io/acme/fleet/'],
  ['http://[::1]:8080/a', 'http://[::1]:8080/a.git'],
])('%s is %s', (a, b) => expect(sameRepository(a, b)).toBe(true));

test.each([
  ['https://github.com/acme/fleet', 'https://gitlab.com/acme/fleet'],
  ['https://github.com/acme/fleet', 'https://github.com/acme/fleet2'],
  ['https://host:8443/a', 'https://host/a'],
  ['git@host:a/b', 'git@host:a/c'],
])('%s is not %s', (a, b) => expect(sameRepository(a, b)).toBe(false));

function checkArtifact(files: Files, visible: readonly string[]) {
  const whole = treeOf(files);
  const tree = artifactTree(whole, sourcePatterns(loadPatterns(whole, '/')));
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const { name, type } of tree.directory(folder) ?? []) {
      const path = folder === '/' ? `/${name}` : `${folder}/${name}`;
      if (type === 'file') found.push(path.slice(1));
      else walk(path);
    }
  };
  walk('/');
  expect(found).toEqual(visible);
}

test('what Flux always leaves out', () => {
  checkArtifact(
    {
      '.github/workflows/x.yaml': '',
      '.gitignore': '',
      'a/.sops.yaml': '',
      'logo.png': '',
      'a/b.yaml': '',
      'x.tar.gz': '',
    },
    ['a/b.yaml'],
  );
});

test('a .sourceignore that lets one folder through', () => {
  checkArtifact(
    { '.sourceignore': '# all but deploy\n/*\n!/deploy\n', 'deploy/a.yaml': '', 'docs/b.yaml': '', 'c.yaml': '' },
    ['deploy/a.yaml'],
  );
});

test('a .sourceignore stands in place of the defaults, Git itself excepted', () => {
  checkArtifact({ '.sourceignore': 'docs/\n', 'logo.png': '', 'docs/a.md': '', '.gitignore': '', '.github/x': '' }, [
    '.github/x',
    '.sourceignore',
    'logo.png',
  ]);
});

test('a file in an ignored folder can be taken back, and inner files speak about their own folder', () => {
  checkArtifact(
    {
      '.sourceignore': 'x/\n!x/keep.yaml\n',
      'x/keep.yaml': '',
      'x/drop.yaml': '',
      'y/.sourceignore': 'z.yaml\n',
      'y/z.yaml': '',
      'z.yaml': '',
    },
    ['.sourceignore', 'x/keep.yaml', 'y/.sourceignore', 'z.yaml'],
  );
});

test('globs go folder by folder, doublestar crosses them', () => {
  const tree = treeOf({ 'a/b/c.yaml': '', 'a/d.yaml': '', 'e.yaml': '' });
  expect(globTree(tree, 'a/**')).toEqual(['a/b', 'a/d.yaml']);
  expect(globTree(tree, '*.yaml')).toEqual(['e.yaml']);
  expect(globTree(tree, 'a/[')).toBeUndefined();
  expect(['a/b/c.yaml', 'c.yaml', 'a/c.md'].map(doubleStar('**/*.{yaml,yml}'))).toEqual([true, true, false]);
  expect(doubleStar('a/**/c.yaml')('a/c.yaml')).toBe(true);
});

test('a tree inside a tree, and a tree below an empty one', () => {
  const tree = treeOf({ 'a/b/c.yaml': 'x' });
  expect(subTree(tree, '/a').file('/b/c.yaml')).toBe(tree.file('/a/b/c.yaml'));
  const mounted = mountTree(tree, '/m/n');
  expect(mounted.file('/m/n/a/b/c.yaml')).toBe(tree.file('/a/b/c.yaml'));
  expect(mounted.directory('/m')).toEqual([{ name: 'n', type: 'directory' }]);
  expect(mounted.directory('/x')).toBeUndefined();
});
