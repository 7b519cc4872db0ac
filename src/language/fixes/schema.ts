/** What can be done about a schema problem with one keystroke. */
import { get, getPath, type Mapping, type SchemaProblem } from '../../engine/index.ts';
import { type Edit, type Fix, replace } from '../answer.ts';
import { kindOf, type Subject } from '../subject.ts';

export function schemaFixes(problem: SchemaProblem, root: Mapping, subject: Subject): readonly Fix[] {
  const { at, suggestion } = problem;
  if (at === undefined || at.file !== subject.file.source.name) return [];
  const written = subject.file.source.text.slice(at.start, at.end);
  switch (problem.code) {
    case 'schema-unknown-field':
      return suggestion === undefined ? [] : [{ title: `Change to "${suggestion}"`, edits: [replace(at, suggestion)] }];
    case 'schema-enum':
      return suggestion === undefined ? [] : [{ title: `Change to ${suggestion}`, edits: [replace(at, suggestion)] }];
    case 'schema-required':
      return suggestion === undefined ? [] : insertField(problem, suggestion, root, subject);
    case 'schema-type':
      return retype(problem, written, root, subject);
    default:
      return [];
  }
}

/** Quotes what must be a string, takes the quotes off what must not be one. */
function retype(problem: SchemaProblem, written: string, root: Mapping, subject: Subject): readonly Fix[] {
  const as = kindOf(root, subject);
  const type = as && subject.schemas.at(as.apiVersion, as.kind, problem.path)?.type;
  const node = getPath(root, problem.path);
  if (node?.kind !== 'scalar' || problem.at === undefined || written.includes('\n')) return [];
  if (type === 'string' && node.style === 'plain' && !/["\\]/.test(written) && written !== '') {
    return [{ title: 'Put it in quotes', edits: [replace(problem.at, `"${written}"`)] }];
  }
  const bare =
    (type === 'boolean' && /^(true|false)$/.test(node.text)) ||
    ((type === 'integer' || type === 'number') && /^-?(0|[1-9]\d*)$/.test(node.text));
  return bare && node.style !== 'plain'
    ? [{ title: 'Take the quotes off', edits: [replace(problem.at, node.text)] }]
    : [];
}

/** Adds a missing field in front of its siblings, with its default or first value where there is one. */
function insertField(problem: SchemaProblem, name: string, root: Mapping, subject: Subject): readonly Fix[] {
  const parent = getPath(root, problem.path);
  const first = parent?.kind === 'mapping' ? parent.entries[0] : undefined;
  const { text } = subject.file.source;
  if (parent === undefined || first === undefined || first.key.at.file !== subject.file.source.name) return [];
  if (text[parent.at.start] === '{') return [];
  const as = kindOf(root, subject);
  const field = as && subject.schemas.at(as.apiVersion, as.kind, [...problem.path, name]);
  const known = field?.default ?? field?.enum?.[0];
  const column = first.key.at.start - (text.lastIndexOf('\n', first.key.at.start - 1) + 1);
  const indent = ' '.repeat(column);
  const value =
    known !== undefined && typeof known !== 'object'
      ? ` ${String(known)}`
      : field?.type === 'object'
        ? `\n${indent}  `
        : field?.type === 'array'
          ? `\n${indent}  - `
          : ' ';
  const last =
    problem.path.length === 0 ? (get(root, 'kind') === undefined ? undefined : root.entries.at(-1)) : undefined;
  const at = last?.value.at.end ?? first.key.at.start;
  const edit: Edit =
    last === undefined
      ? { file: first.key.at.file, start: at, end: at, text: `${name}:${value}\n${indent}` }
      : { file: first.key.at.file, start: at, end: at, text: `${text[at - 1] === '\n' ? '' : '\n'}${name}:${value}` };
  return [{ title: `Add "${name}"`, edits: [edit] }];
}
