/** What a build read is what it depends on: after an edit only builds that read the file run again. */
import { expect, test } from 'vitest';
import { get, text } from '../../../src/engine/yaml/node.ts';
import { memoryTree, newKustomizer, printResult } from './kustomizer.ts';

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: ${value}\n`;

const files = {
  'base/kustomization.yaml': 'resources: [a.yaml]\n',
  'base/a.yaml': configMap('a', 'one'),
  'other/kustomization.yaml': 'resources: [b.yaml]\n',
  'other/b.yaml': configMap('b', 'one'),
  'top/kustomization.yaml': 'resources: [../base, ../other]\nnamePrefix: p-\n',
  'alone/kustomization.yaml': 'resources: [../other]\n',
};

test('an unchanged tree answers with the very same result', () => {
  const tree = memoryTree(files);
  const kustomizer = newKustomizer();
  expect(kustomizer.build({ tree, path: '/top' })).toBe(kustomizer.build({ tree, path: '/top' }));
});

test('an edit is seen by the builds that read the file, and only by them', () => {
  const tree = memoryTree(files);
  const kustomizer = newKustomizer();
  const top = kustomizer.build({ tree, path: '/top' });
  const alone = kustomizer.build({ tree, path: '/alone' });
  tree.edit('base/a.yaml', configMap('a', 'two'));
  const again = kustomizer.build({ tree, path: '/top' });
  expect(printResult(again)).toContain('key: two');
  expect(kustomizer.build({ tree, path: '/alone' })).toBe(alone);
  // The other base was not built again: its nodes are the same where nothing above changed them.
  const data = (result: typeof top) => get(result.objects[1]!.node, 'data');
  expect(data(again)).toBe(data(top));
});

test('a file that appears where the build looked is seen', () => {
  const tree = memoryTree({ 'top/kustomization.yaml': 'resources: [a.yaml]\n' });
  const kustomizer = newKustomizer();
  expect(kustomizer.build({ tree, path: '/top' }).objects).toEqual([]);
  tree.edit('top/a.yaml', configMap('a', 'here'));
  expect(kustomizer.build({ tree, path: '/top' }).objects).toHaveLength(1);
  tree.edit('top/kustomization.yml', 'resources: []\n');
  expect(kustomizer.build({ tree, path: '/top' }).problems[0]!.message).toContain('multiple kustomization files');
});

test('reads name every file, directory and gap that the build looked at', () => {
  const { reads } = newKustomizer().build({ tree: memoryTree(files), path: '/top' });
  for (const path of [
    '/top',
    '/top/kustomization.yaml',
    '/top/kustomization.yml',
    '/top/Kustomization',
    '/base',
    '/base/a.yaml',
  ]) {
    expect(reads).toContain(path);
  }
});

test('the caller may hand in the kustomization, as the Flux room does', () => {
  const tree = memoryTree(files);
  const kustomizer = newKustomizer();
  const own = { kind: 'mapping', at: { file: 'flux', start: 0, end: 0 }, entries: [] } as const;
  const at = own.at;
  const scalar = (value: string) => ({ kind: 'scalar', text: value, style: 'plain', at }) as const;
  const kustomization = {
    ...own,
    entries: [
      { key: scalar('resources'), value: { kind: 'sequence', items: [scalar('a.yaml')], at } as const },
      { key: scalar('namespace'), value: scalar('apps') },
    ],
  };
  const result = kustomizer.build({ tree, path: '/base', kustomization });
  const namespace = get(get(result.objects[0]!.node, 'metadata'), 'namespace');
  expect(text(namespace)).toBe('apps');
  expect(namespace!.at.file).toBe('flux');
});
