/** Helm's functions that run templates or end the rendering: include, tpl, required, fail. */
import { quote } from '../../go/strconv.ts';
import { addTemplate, type Definition, lookup, newSet, parseValue, type TemplateSet } from '../set.ts';
import { replaced } from '../text.ts';
import { close, keep, known, open } from '../tracked.ts';
import {
  type CallContext,
  type Enter,
  GoError,
  type GoFunction,
  map,
  missing,
  type StringValue,
  string,
  type Value,
} from '../value.ts';
import { fn, str, text } from './define.ts';

const maxNested = 1000;
/** The name of Helm's root template: what `tpl` texts are called in errors. */
const rootName = 'gotpl';

/** Helm puts these around the messages of `fail` and `required`, to show only what the chart's author wrote. */
export const messageStart = 'HELM_ERR_START';
export const messageEnd = 'HELM_ERR_END';

function userError(message: string): GoError {
  return new GoError(messageStart + message + messageEnd);
}

function include(name: string, data: Value, context: CallContext): Value | Enter {
  const depth = context.depths.get(name) ?? 0;
  if (depth > maxNested) {
    throw new GoError(`rendering template has a nested reference name: ${name}: unable to execute template`);
  }
  const template = lookup(context.set, name);
  if (template === undefined) {
    throw new GoError(`template: no template ${quote(name)} associated with template ${quote(rootName)}`);
  }
  const { journal } = context;
  if (journal === undefined) return enter(name, template, data, context);
  // Where a text of `tpl` defines templates of its own, a call may find other ones by the same names.
  const isHome = hasOnlyRoot(context.set);
  const before = isHome ? known(journal, template, data) : undefined;
  if (before !== undefined) return before.output;
  const call = open(journal, isHome ? data : missing);
  const entered = enter(name, template, data, context);
  return {
    ...entered,
    leave() {
      entered.leave?.();
      close(journal, call);
    },
    done(output) {
      if (call !== undefined) keep(journal, call, template, data, output);
      return output;
    },
  };
}

function enter(name: string, template: Definition, data: Value, { depths }: CallContext): Enter {
  depths.set(name, (depths.get(name) ?? 0) + 1);
  const leave = () => void depths.set(name, (depths.get(name) ?? 1) - 1);
  return { kind: 'enter', template, data, done: (output) => output, leave };
}

/** Whether names mean in this set what they mean in the chart's own. */
function hasOnlyRoot({ parent, templates }: TemplateSet): boolean {
  return parent === undefined || (templates.size === 1 && templates.has(rootName) && hasOnlyRoot(parent));
}

function tpl(source: StringValue, data: Value, context: CallContext): Value | Enter {
  const done = (output: StringValue) => replaced(output, '<no value>', string(''));
  if (!source.text.includes('{{')) return done(source);
  context.step(source.text.length >> 4);
  const parsed = parseValue(rootName, source, context.functions);
  if (parsed.value === undefined) {
    throw new GoError(`cannot parse template ${quote(source.text)}: ${parsed.problems[0]!.message}`);
  }
  const set = newSet(context.set);
  const template: Definition = parsed.value[0]!;
  addTemplate(set, parsed.value.slice(1));
  set.templates.set(template.name, template);
  const wrapError = (message: string) => `error during tpl function execution for ${quote(source.text)}: ${message}`;
  return { kind: 'enter', template, set, data, done, wrapError };
}

/** What the caller of `execute` hands in as `host` when it has a cluster: without one, `lookup` finds nothing. */
export interface LookupHost {
  /** The object, or for an empty name the list; undefined for neither. */
  readonly lookup: (
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string,
    context: CallContext,
  ) => Value | undefined;
}

export const templateFunctions: readonly GoFunction[] = [
  fn('include', 'string any', ([name, data], context) => include(text(name), data!, context), {
    enters: true,
    keepsOrigins: true,
  }),
  fn('tpl', 'string any', ([source, data], context) => tpl(str(source), data!, context), {
    enters: true,
    keepsOrigins: true,
  }),
  fn('required', 'string any', ([message, value]) => {
    if (value!.kind === 'nil' || (value!.kind === 'string' && value!.text === '')) throw userError(text(message));
    return value!;
  }),
  fn('fail', 'string', ([message]) => {
    throw userError(text(message));
  }),
  fn('lookup', 'string string string string', (args, context) => {
    const [apiVersion, kind, namespace, name] = args.map(text) as [string, string, string, string];
    const host = context.host as Partial<LookupHost> | undefined;
    return host?.lookup?.(apiVersion, kind, namespace, name, context) ?? map([]);
  }),
  // Helm answers no DNS questions unless it is told to.
  fn('getHostByName', 'string', () => string('')),
];
