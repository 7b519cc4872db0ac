/** Folders on disk: confined, cached by content, with unsaved edits on top. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskTree, overlayTree, snapshot } from '../../src/io/disk.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  write('in/a.yaml', 'a');
  write('in/sub/b.yaml', '\ufeffb');
  write('out/secret', 's');
  symlinkSync(join(root, 'out/secret'), join(root, 'in/leak'));
  symlinkSync('../out', join(root, 'in/leakdir'));
  symlinkSync('sub', join(root, 'in/link'));
  symlinkSync('nowhere', join(root, 'in/broken'));
  symlinkSync('loop', join(root, 'in/loop'));
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, text: string) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('links inside are followed, links outside are as good as absent', () => {
  const tree = diskTree(join(root, 'in'));
  expect(tree.directory('/')?.map((entry) => `${entry.name} ${entry.type}`)).toEqual([
    'a.yaml file',
    'link directory',
    'sub directory',
  ]);
  expect(tree.file('/leak')).toBeUndefined();
  expect(tree.file('/leakdir/secret')).toBeUndefined();
  expect(tree.file('/../out/secret')).toBeUndefined();
  expect(tree.realPath('/link/b.yaml')).toBe('/sub/b.yaml');
  expect(tree.file('/link/b.yaml')).toMatchObject({ name: 'link/b.yaml', text: '\ufeffb' });
  expect(tree.file('/loop')).toBeUndefined();
});

test('the same content is the same object, until it changes', () => {
  const tree = diskTree(join(root, 'in'));
  const before = tree.file('/a.yaml');
  expect(tree.file('/a.yaml')).toBe(before);
  const kept = snapshot(tree);
  expect(kept.file('/a.yaml')).toBe(before);
  write('in/a.yaml', 'changed');
  expect(tree.file('/a.yaml')?.text).toBe('changed');
  expect(kept.file('/a.yaml')).toBe(before);
});

test('unsaved edits: changed, new, taken away, and through a link', () => {
  const tree = overlayTree(
    diskTree(join(root, 'in')),
    new Map([
      ['/link/b.yaml', 'edited'],
      ['/new/deep/c.yaml', 'c'],
      ['/a.yaml', undefined],
    ]),
  );
  expect(tree.file('/sub/b.yaml')?.text).toBe('edited');
  expect(tree.file('/link/b.yaml')?.text).toBe('edited');
  expect(tree.file('/a.yaml')).toBeUndefined();
  expect(tree.directory('/')?.map((entry) => entry.name)).toEqual(['link', 'new', 'sub']);
  expect(tree.directory('/new')).toEqual([{ name: 'deep', type: 'directory' }]);
  expect(tree.realPath('/new/deep/c.yaml')).toBe('/new/deep/c.yaml');
});

test('an editor that shows what is on disk changes nothing', () => {
  const disk = diskTree(join(root, 'in'));
  expect(overlayTree(disk, new Map([['/sub/b.yaml', '\ufeffb']])).file('/sub/b.yaml')).toBe(disk.file('/sub/b.yaml'));
});
