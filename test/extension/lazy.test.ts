/** Activation pays for what the extension's own bundle holds: the language client and everything heavy stays out of it. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const main = join(import.meta.dirname, '../../src/extension/main.ts');

test("nothing heavy is in the extension's bundle", async () => {
  const { metafile } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    external: ['vscode', 'vscode-languageclient/node'],
  });
  const packages = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'));
  expect(packages).toEqual([]);
  const [output] = Object.values(metafile.outputs);
  expect(output!.bytes).toBeLessThan(100_000);
  const eager = output!.imports.filter(({ kind }) => kind !== 'dynamic-import').map(({ path }) => path);
  expect([...new Set(eager)]).toEqual(['vscode']);
});
