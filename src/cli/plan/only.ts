/**
 * `--only KIND/NS/NAME` or `--only FILE`: the part of a plan that is about some objects, about all that a Flux object
 * applies, or about what a file goes into.
 */
import { relative, resolve, sep } from 'node:path';
import { type Part, partOf, type Scope, whyUnread } from '../../engine/index.ts';
import { type Invocation, UsageError } from '../command.ts';
import type { Fleet } from '../fleet.ts';

export const onlyOption = { only: { type: 'string', multiple: true } } as const;

/** Makes the part of what was rendered; undefined without the option. */
export type PartFor = (wanted: Parameters<typeof partOf>[0]) => Part | undefined;

export function onlyFor({ options, cwd }: Pick<Invocation, 'options' | 'cwd'>, fleet: Fleet): PartFor {
  const { only } = options;
  if (!Array.isArray(only) || only.length === 0) return () => undefined;
  const scopes = only.map((text) => scopeOf(String(text), cwd, fleet));
  return (wanted) => partOf(wanted, scopes);
}

function scopeOf(text: string, cwd: string, { folder, workspace }: Fleet): Scope {
  const file = relative(folder, resolve(cwd, text)).split(sep).join('/');
  for (const name of [file, text]) {
    if (workspace.tree.file(`/${name}`) === undefined) continue;
    return { kind: 'file', file: name, unread: () => whyUnread(workspace, `/${name}`) };
  }
  const [kind, namespace, name, ...more] = text.split('/');
  if (kind === undefined || namespace === undefined || name === undefined || more.length > 0) {
    throw new UsageError(`--only wants KIND/NS/NAME (KIND//NAME without a namespace) or a file, not ${text}`);
  }
  return { kind: 'object', object: { kind, namespace, name } };
}
