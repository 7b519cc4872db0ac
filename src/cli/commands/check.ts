/** `sluice check`: every problem that the editor would show, for people, programs and code-scanning services. */
import { resolve } from 'node:path';
import { createRenderer, createSchemas, type Severity } from '../../engine/index.ts';
import { bothOf } from '../../io/cluster/inputs.ts';
import { readData } from '../../io/data.ts';
import { renderFetched } from '../../io/fetch/index.ts';
import { createHistory } from '../../io/history.ts';
import { loadKustomizer } from '../../io/kustomizer.ts';
import { chartLimit } from '../../io/limit.ts';
import { openFolder } from '../../io/workspace.ts';
import { check as checkFile, createKnowledge, type Diagnostic, withRendered } from '../../language/index.ts';
import { type Command, UsageError } from '../command.ts';
import { contextOption, isRefusal } from '../context.ts';
import { liveOption, mappingsOf, seenBy, textOfAny } from '../fleet.ts';
import { keyOptions, keyringFor } from '../keys.ts';
import { formatPlace, formatProblem, type TextOf } from '../problems.ts';
import { toSarif } from '../sarif.ts';

const formats = ['text', 'json', 'sarif'] as const;
type Format = (typeof formats)[number];

export const check: Command = {
  name: 'check',
  usage: '[PATH] [--context NAME] [--source SOURCE=DIR]… [--age-key-file FILE]… [-o text|json|sarif]',
  summary: 'every problem that the editor would show',
  options: {
    output: { type: 'string', short: 'o' },
    source: { type: 'string', multiple: true },
    ...contextOption,
    ...keyOptions,
  },
  async run(invocation) {
    const { words, options, cwd, out, err, signal } = invocation;
    if (words.length > 1) throw new UsageError('give one PATH');
    const format = (options.output ?? 'text') as Format;
    if (!formats.includes(format)) throw new UsageError(`-o is text, json or sarif, not ${format}`);
    const folder = resolve(cwd, words[0] ?? '.');
    const mappings = mappingsOf(options.source, cwd);
    const workspace = openFolder(folder, { trusted: false, mappings }).workspace();
    const { tree } = workspace;
    if (tree.directory('/') === undefined) {
      err(`sluice check: ${words[0] ?? '.'} is no folder\n`);
      return 2;
    }
    const schemas = createSchemas(readData);
    await schemas.prepare();
    const live = await liveOption(invocation);
    if (live !== undefined && isRefusal(live)) {
      err(`sluice check: ${live.message}\n`);
      return 2;
    }
    const keyring = keyringFor(invocation, workspace, live?.inputs);
    const history = createHistory(folder);
    const renderer = createRenderer({
      kustomizer: loadKustomizer(),
      limit: chartLimit(),
      artifact: history.artifact,
      ...(live && seenBy(live)),
      key: keyring.key,
    });
    const render = () => workspace.clusters.flatMap((cluster) => renderer.renderCluster(workspace, cluster.folder));
    // The render asks for the keys that the checks use, too.
    const sets = await renderFetched(render, bothOf(history, bothOf(keyring, live?.inputs)), signal);
    for (const note of keyring.notes()) err(`warning: ${note}\n`);
    const openKey = (locked: string) => keyring.key({ locked });
    const knowledge = {
      ...createKnowledge(schemas)(workspace),
      openKey,
      ...(live && { clusterInput: live.inputs.input }),
    };
    const said = workspace.files.flatMap((file) => checkFile(file, knowledge));
    const found = withRendered(said, sets);
    const textOf = textOfAny(workspace, mappings, history);
    if (format === 'sarif') out(`${JSON.stringify(toSarif(found, textOf), null, 2)}\n`);
    else if (format === 'json')
      out(
        `${JSON.stringify(
          found.map((each) => toJson(each, textOf)),
          null,
          2,
        )}\n`,
      );
    else out(asText(found, textOf));
    return found.some(({ severity }) => severity === 'error' || severity === 'warning') ? 1 : 0;
  },
};

/** One line each; hints only make up the numbers, as an editor shows them without counting them. */
function asText(found: readonly Diagnostic[], textOf: TextOf): string {
  const lines = found.filter(({ severity }) => severity !== 'hint').map((each) => `${formatProblem(each, textOf)}\n`);
  const counts = (['error', 'warning', 'information'] as const).flatMap((severity) => counted(found, severity));
  return `${lines.join('')}${counts.length === 0 ? 'no problems' : counts.join(', ')}\n`;
}

function counted(found: readonly Diagnostic[], severity: Severity): readonly string[] {
  const count = found.filter((each) => each.severity === severity).length;
  if (count === 0) return [];
  return [severity === 'information' ? `${count} to know` : `${count} ${severity}${count === 1 ? '' : 's'}`];
}

function toJson({ code, severity, message, at, related }: Diagnostic, textOf: TextOf) {
  return {
    code,
    severity,
    message,
    ...(at === undefined ? {} : { file: at.file, place: formatPlace(at, textOf), start: at.start, end: at.end }),
    ...(related === undefined
      ? {}
      : { related: related.map((each) => ({ message: each.message, place: formatPlace(each.at, textOf) })) }),
  };
}
