/** Variables behind `${`, and image policies in a marker comment: both stand in the middle of other text. */
import { flux } from '../../engine/index.ts';
import { fields } from '../markers.ts';
import { scopesOf } from '../variables.ts';
import type { Asked, Completion } from './completion.ts';

/** Completions that depend on the text before the cursor alone; undefined when this is no such place. */
export function inText(asked: Asked): readonly Completion[] | undefined {
  const { text, offset } = asked;
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const open = /\$\{(\w*)$/.exec(line);
  if (open !== null) return variables(asked, offset - open[1]!.length);
  const marker = /#\s*\{\s*"\$imagepolicy"\s*:\s*"([^"]*)$/.exec(line);
  return marker === null ? undefined : policies(asked, offset - marker[1]!.length);
}

function variables({ workspace, file, text, offset }: Asked, start: number): readonly Completion[] {
  const found = new Map<string, Set<string>>();
  for (const { by, definitions } of scopesOf(workspace, file.path)) {
    for (const [name, { value }] of definitions) {
      found.set(name, (found.get(name) ?? new Set()).add(value ?? `from a Secret of ${by.id.name}`));
    }
  }
  const end = offset + /^\w*/.exec(text.slice(offset))![0].length;
  const close = text[end] === '}' || text[end] === ':' ? '' : '}';
  return [...found].map(([name, values]) => ({
    label: name,
    kind: 'variable',
    detail: [...values].slice(0, 3).join(', '),
    insert: `${name}${close}`,
    start,
    end,
  }));
}

function policies({ workspace, text, offset }: Asked, start: number): readonly Completion[] {
  const end = offset + /^[^"\n}]*/.exec(text.slice(offset))![0].length;
  return workspace.objects
    .filter((object) => object.flux === flux.imagePolicy)
    .flatMap(({ id }) =>
      ['', ...[...fields].map((field) => `:${field}`)].map((suffix): Completion => {
        const label = `${id.namespace || 'flux-system'}:${id.name}${suffix}`;
        return { label, kind: 'object', detail: 'ImagePolicy', insert: label, start, end, rank: suffix === '' ? 2 : 3 };
      }),
    );
}
