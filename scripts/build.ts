/**
 * Builds the three bundles: the extension, the language server and the command line.
 * `--watch` keeps rebuilding; everything is CommonJS because VS Code loads the extension that way.
 */
import { type BuildOptions, build, context } from 'esbuild';

const options: BuildOptions = {
  entryPoints: { extension: 'src/extension/main.ts', server: 'src/server/main.ts', cli: 'src/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.18',
  format: 'cjs',
  external: ['vscode'],
  sourcemap: true,
  minify: process.argv.includes('--minify'),
  logLevel: 'info',
};

if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  await build(options);
}
