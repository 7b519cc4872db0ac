/** Archives as Go's archive/tar reads them: long names, sizes beyond octal, and what is cut off. */
import { gzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readTarGz } from '../../../src/engine/go/tar.ts';
import { type Entry, tar } from './pack.ts';

const limits = { bytes: 1 << 20, entries: 10 };
const long = `demo/${'folder/'.repeat(30)}file.yaml`;

function checkNames(entries: readonly Entry[], expected: readonly (readonly [name: string, type: string])[]): void {
  const read = readTarGz(gzipSync(tar(entries)), limits);
  expect('entries' in read ? read.entries.map(({ name, type }) => [name, type]) : read.error).toEqual(expected);
}

const pax = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return `${length}${rest}`;
};

test('files, folders, links and what else there is', () => {
  checkNames(
    [
      { name: 'a/', type: '5' },
      { name: 'a/b', data: 'x' },
      { name: 'a/old', type: '\0' },
      { name: 'l', type: '2' },
    ],
    [
      ['a/', 'directory'],
      ['a/b', 'file'],
      ['a/old', 'file'],
      ['l', 'link'],
    ],
  );
  checkNames([{ name: 'pipe', type: '6' }], [['pipe', 'other']]);
});

test('a plain entry whose name ends in a slash is a folder', () => {
  checkNames([{ name: 'a/' }], [['a/', 'directory']]);
});

test('long names, the GNU way and the POSIX way', () => {
  checkNames(
    [
      { name: '././@LongLink', type: 'L', data: `${long}\0` },
      { name: 'short', data: 'x' },
    ],
    [[long, 'file']],
  );
  checkNames(
    [
      { name: 'PaxHeader', type: 'x', data: pax('path', long) },
      { name: 'short', data: 'x' },
    ],
    [[long, 'file']],
  );
});

test('a long name counts for one entry only', () => {
  checkNames(
    [{ name: 'PaxHeader', type: 'x', data: pax('path', 'one') }, { name: 'a' }, { name: 'b' }],
    [
      ['one', 'file'],
      ['b', 'file'],
    ],
  );
});

test('contents are cut at their size', () => {
  const read = readTarGz(
    gzipSync(
      tar([
        { name: 'a', data: 'hello' },
        { name: 'b', data: '' },
      ]),
    ),
    limits,
  );
  expect('entries' in read && read.entries.map(({ data }) => new TextDecoder().decode(data))).toEqual(['hello', '']);
});

test.each([
  ['too many entries', tar(Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` }))), 'more than 10 entries'],
  ['too many bytes', new Uint8Array((1 << 20) + 1), 'over the limit of 1048576 bytes'],
  ['a broken header', tar([{ name: 'a' }]).fill(9, 0, 20), 'tar: invalid header'],
  ['a cut content', tar([{ name: 'a', data: 'x'.repeat(2000) }]).slice(0, 1024), 'tar: unexpected end of archive'],
])('%s', (_title, bytes, message) => {
  const read = readTarGz(gzipSync(bytes), limits);
  expect('error' in read && read.error).toContain(message);
});

test('a huge size in a header is an error, not memory', () => {
  const bytes = tar([{ name: 'PaxHeader', type: 'x', data: pax('size', '9007199254740993') }, { name: 'a' }]);
  expect(readTarGz(gzipSync(bytes), limits)).toEqual({ error: 'tar: unexpected end of archive' });
});
