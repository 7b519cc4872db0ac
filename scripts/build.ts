/**
 * Builds the bundles: the extension, the language client (loaded by it on first use), the server and the command line.
 * `--watch` keeps rebuilding; everything is CommonJS because VS Code loads the extension that way.
 */
import { type BuildOptions, build, context, type Plugin } from 'esbuild';

/**
 * The official Kubernetes client is used for the logins of legacy auth-providers and nothing else. Its kubeconfig
 * module drags 3 MB of generated API classes along, for one function that we never call.
 */
const withoutGeneratedApi: Plugin = {
  name: 'without-generated-api',
  setup(build) {
    build.onResolve({ filter: /\/gen\/index\.js$/ }, ({ importer }) =>
      importer.includes('@kubernetes/client-node') ? { path: 'gen', namespace: 'stub' } : undefined,
    );
    build.onLoad({ filter: /^gen$/, namespace: 'stub' }, () => ({
      contents:
        'export class ServerConfiguration {}\nexport function createConfiguration() { throw new Error("left out"); }',
    }));
  },
};

/** The language client stays out of the extension's bundle, so that activation does not wait for it to be read. */
const clientOnUse: Plugin = {
  name: 'client-on-use',
  setup(build) {
    build.onResolve({ filter: /^vscode-languageclient\/node$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './languageclient.js', external: true } : undefined,
    );
  },
};

/** The OpenPGP part is a file beside the bundles, which may be left out: its licence is another than ours. */
const pgpOnUse: Plugin = {
  name: 'pgp-on-use',
  setup(build) {
    build.onResolve({ filter: /^openpgp$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './openpgp.js', external: true } : undefined,
    );
  },
};

const options: BuildOptions = {
  entryPoints: {
    languageclient: 'vscode-languageclient/node',
    openpgp: './node_modules/openpgp/dist/node/openpgp.cjs',
    extension: 'src/extension/main.ts',
    server: 'src/server/main.ts',
    cli: 'src/cli/main.ts',
  },
  // A suite bundles for itself (`--outdir=…`), so that nobody's next build changes the program under its tests.
  outdir: process.argv.find((arg) => arg.startsWith('--outdir='))?.slice('--outdir='.length) ?? 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.18',
  format: 'cjs',
  external: ['vscode'],
  plugins: [withoutGeneratedApi, clientOnUse, pgpOnUse],
  // `import()` of a bundle of ours becomes `require`: Node's own would look for ES module exports.
  supported: { 'dynamic-import': false },
  sourcemap: true,
  minify: process.argv.includes('--minify'),
  logLevel: 'info',
};

if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  await build(options);
}
