/** `sluice template`: what `helm template` renders; with a context what `helm template --dry-run=server` does. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { helm, type Problem, type Result } from '../../engine/index.ts';
import { createLookups } from '../../io/cluster/lookups.ts';
import { diskTree, sourceFile } from '../../io/disk.ts';
import { renderFetched } from '../../io/fetch/index.ts';
import { chartLimit } from '../../io/limit.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { printProblems } from '../problems.ts';

export const template: Command = {
  name: 'template',
  usage:
    'NAME CHART [-n NS] [-f FILE]… [--set K=V]… [--set-string K=V]… [--include-crds] [--no-hooks] [--kube-version V] ' +
    '[--set-json K=JSON]… [--set-file K=FILE]… [--set-literal K=V]… [--api-versions V]… [--is-upgrade] [--skip-schema-validation] [--time-limit SECONDS] [--helm 3|4] [--context NAME]',
  summary: 'what `helm template` renders: a chart with values',
  options: {
    namespace: { type: 'string', short: 'n' },
    values: { type: 'string', short: 'f', multiple: true },
    set: { type: 'string', multiple: true },
    'set-string': { type: 'string', multiple: true },
    'set-json': { type: 'string', multiple: true },
    'set-file': { type: 'string', multiple: true },
    'set-literal': { type: 'string', multiple: true },
    'include-crds': { type: 'boolean' },
    'no-hooks': { type: 'boolean' },
    'kube-version': { type: 'string' },
    'api-versions': { type: 'string', short: 'a', multiple: true },
    'is-upgrade': { type: 'boolean' },
    'skip-schema-validation': { type: 'boolean' },
    'time-limit': { type: 'string' },
    helm: { type: 'string' },
    ...contextOption,
  },
  run,
};

async function run(invocation: Invocation): Promise<ExitCode> {
  const [name, path, ...rest] = invocation.words;
  if (name === undefined || path === undefined || rest.length > 0) throw new UsageError('needs NAME and CHART');
  const limit = limitOf(invocation);
  const chart = loadChart(resolve(invocation.cwd, path), limit, helmOf(invocation));
  if (chart.value === undefined) return fail(invocation, chart.problems);
  const values = userValues(invocation);
  if (values.value === undefined) return fail(invocation, values.problems);
  const wrong = helm.wrongName(name);
  if (wrong !== undefined) throw new Error(wrong);
  const capabilities = capabilitiesOf(invocation);
  const live = await liveOf(invocation, capabilities);
  if (live !== undefined && isRefusal(live)) throw new Error(live.message);
  const [ready, given] = [chart.value, values.value];
  const render = () =>
    helm.renderChart({
      chart: ready,
      values: given,
      release: {
        name,
        namespace: text(invocation, 'namespace') ?? 'default',
        isUpgrade: invocation.options['is-upgrade'] === true,
        revision: 1,
      },
      capabilities: live?.capabilities ?? capabilities,
      skipSchemaValidation: invocation.options['skip-schema-validation'] === true,
      limit,
      clock: { now: Date.now },
      random: { bytes: (count) => randomBytes(count) },
      ...(live && { lookup: live.lookup }),
    });
  const rendered = await renderFetched(render, live, invocation.signal);
  if (rendered.value === undefined) return fail(invocation, rendered.problems);
  invocation.out(print(rendered.value, invocation));
  return 0;
}

/** A chart's folder or `.tgz`. */
function loadChart(path: string, limit: helm.RenderLimit, version: 3 | 4): Result<helm.Chart> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`chart ${path} not found`);
  const work = { title: `chart ${path}`, at: { file: path, start: 0, end: 0 } };
  const progress: helm.Progress = { doing: 'the reading of its files' };
  return helm.withinLimit(limit, work, progress, () =>
    stat.isDirectory()
      ? helm.loadChartFolder(diskTree('/'), path, progress, version)
      : helm.loadChartArchive(readFileSync(path), basename(path), progress, version),
  );
}

function userValues(invocation: Invocation): Result<helm.Table> {
  const at = { file: 'command line', start: 0, end: 0 };
  let values = helm.table(at);
  for (const path of texts(invocation, 'values')) {
    const read = helm.readValues(sourceFile(path, readFileSync(resolve(invocation.cwd, path))), at, helmOf(invocation));
    if (read.value === undefined) return read;
    values = helm.mergeMaps(values, read.value);
  }
  const options: helm.SetOptions = {
    helm: helmOf(invocation),
    read: (path) => readText(resolve(invocation.cwd, path), path),
  };
  for (const [flag, mode] of setFlags) {
    for (const line of texts(invocation, flag)) {
      const error = helm.setValues(values, line, mode, at, options);
      if (error !== undefined) throw new Error(`failed parsing --${flag} data: ${error}`);
    }
  }
  return { value: values, problems: [] };
}

/** In Helm's order: what comes later wins. */
const setFlags: readonly (readonly [flag: string, mode: helm.SetMode])[] = [
  ['set-json', 'json'],
  ['set', 'typed'],
  ['set-string', 'string'],
  ['set-file', 'file'],
  ['set-literal', 'literal'],
];

function readText(path: string, given: string): { readonly text: string } | { readonly error: string } {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return { error: `open ${given}: no such file or directory` };
  return { text: sourceFile(path, readFileSync(path)).text };
}

function limitOf(invocation: Invocation) {
  const given = text(invocation, 'time-limit');
  if (given === undefined) return chartLimit();
  const seconds = Number(given);
  if (!(seconds > 0)) throw new UsageError('--time-limit is a number of seconds');
  return chartLimit(seconds);
}

function helmOf(invocation: Invocation): 3 | 4 {
  const version = text(invocation, 'helm') ?? '4';
  if (version !== '3' && version !== '4') throw new UsageError('--helm is 3 or 4');
  return version === '3' ? 3 : 4;
}

function capabilitiesOf(invocation: Invocation) {
  const base = helm.defaultCapabilities(helmOf(invocation));
  const given = text(invocation, 'kube-version');
  const kubeVersion = given === undefined ? base.kubeVersion : helm.parseKubeVersion(given);
  if (kubeVersion === undefined) throw new UsageError(`invalid kube version '${given}'`);
  return { ...base, kubeVersion, apiVersions: [...base.apiVersions, ...moreApis(invocation)] };
}

/** What the cluster of `--context` says: its version and APIs, unless the command line says them, and what is in it. */
async function liveOf(invocation: Invocation, given: helm.Capabilities) {
  const context = text(invocation, 'context');
  if (context === undefined) return undefined;
  const cluster = clusterOf(invocation, context);
  if (isRefusal(cluster)) return cluster;
  const { signal } = invocation;
  const served = await cluster.capabilities(signal);
  if (!served.ok) return { message: served.failure.message };
  const kubeVersion = helm.parseKubeVersion(served.value.version) ?? given.kubeVersion;
  const lookups = createLookups(cluster, { keep: Number.POSITIVE_INFINITY, now: () => 0, as: 'user' });
  return {
    capabilities: {
      ...given,
      ...(text(invocation, 'kube-version') === undefined && { kubeVersion }),
      apiVersions: [...served.value.apis, ...moreApis(invocation)],
    },
    lookup: (query: helm.LookupQuery) => lookups.lookup({ ...query, asks: { namespace: '', account: '' } }),
    fetchMissing: (until: AbortSignal) => lookups.fetchMissing(until),
  };
}

const moreApis = (invocation: Invocation) =>
  texts(invocation, 'api-versions').flatMap((versions) => versions.split(','));

function print(rendered: helm.RenderedChart, invocation: Invocation): string {
  const crds = invocation.options['include-crds'] === true ? rendered.crds : [];
  const hooks = invocation.options['no-hooks'] === true ? [] : rendered.hooks;
  const body = [
    ...crds.map(({ name, file }) => `---\n# Source: ${name}\n${file.text}\n`),
    ...rendered.manifests.map(({ source, text }) => `---\n# Source: ${source}\n${text}\n`),
  ];
  const printed = hooks.map(({ source, text }) => `---\n# Source: ${source}\n${text}\n`);
  return `${body.join('').trim()}\n${printed.join('')}`;
}

function fail(invocation: Invocation, problems: readonly Problem[]): ExitCode {
  printProblems(invocation, problems, textOf);
  return 2;
}

function textOf(name: string): string | undefined {
  const path = name.startsWith('/') ? name : `/${name}`;
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, 'utf8') : undefined;
}

function text(invocation: Invocation, option: string): string | undefined {
  const value = invocation.options[option];
  return typeof value === 'string' ? value : undefined;
}

function texts(invocation: Invocation, option: string): readonly string[] {
  const value = invocation.options[option];
  return Array.isArray(value) ? value.map(String) : [];
}
