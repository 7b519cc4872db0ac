/**
 * `postBuild` on one object, as Flux does it: the object is printed, variables are replaced in the text, and the text is
 * read again. So a quoted `"${PORT}"` loses its quotes and 8080 becomes a number; the preview must show that. Every scalar
 * that a variable touched gets the origin of the variable's definition, via the token that asked for it.
 */
import { wholeOnly } from '../objects/hide.ts';
import type { Mapping, Node, Origin } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { printWithSpans, type Span } from '../yaml/print.ts';
import { fromJson, resolve } from '../yaml/resolve.ts';
import { type Piece, type Substituted, substitute } from './envsubst.ts';

export interface Variable {
  readonly value: string;
  /** Where it is defined. */
  readonly at: Origin;
  /** It came from a Secret: masked wherever it is shown. */
  readonly secret: boolean;
}

export interface SubstituteRequest {
  readonly node: Mapping;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly mode: 'strict' | 'lenient';
  /** Some sources of variables could not be read: an unset variable is unknown rather than missing, and its token stays. */
  readonly unknown: boolean;
  /** The text of a source file by its name in origins, to point at the token rather than at its scalar. */
  textOf(file: string): string | undefined;
}

export interface SubstituteResult {
  readonly node: Mapping;
  /** Values from Secrets that are now in the object. */
  readonly secretValues: readonly string[];
  /** Variables whose value is not known here. */
  readonly unresolved: readonly string[];
}

export interface SubstituteFailure {
  readonly message: string;
  readonly at: Origin;
}

/** Whether there is anything to replace; printing and reading an object again is not cheap. */
export function mentionsVariables(node: Node): boolean {
  if (node.kind === 'scalar') return node.text.includes('$');
  if (node.kind === 'sequence') return node.items.some(mentionsVariables);
  return node.entries.some(({ key, value }) => key.text.includes('$') || mentionsVariables(value));
}

export function substituteObject(request: SubstituteRequest): SubstituteResult | SubstituteFailure {
  const { node, variables } = request;
  if (!mentionsVariables(node)) return { node, secretValues: [], unresolved: [] };
  const { text, spans } = printWithSpans(node, 'kyaml');
  const unresolved = new Set<string>();
  const source = spanIndex(spans, node.at);
  const outcome = substitute(text, (name) => {
    const value = variables.get(name)?.value;
    if (value !== undefined) return value;
    if (!request.unknown) return request.mode === 'strict' ? undefined : '';
    unresolved.add(name);
    // A default still applies: it is what an empty value would get.
    return '';
  });
  if (!outcome.ok) {
    const { fault } = outcome;
    const at = tokenOrigin(source.at(fault.start), text.slice(fault.start, fault.end), request);
    return { message: `variable substitution failed: ${fault.message}`, at };
  }
  const value = keepUnknown(outcome.value, text, unresolved);
  const parsed = parse(value.text, '');
  const root = parsed.documents[0]?.root;
  const fault = parsed.problems.find((problem) => problem.severity === 'error');
  if (root?.kind !== 'mapping' || fault) {
    const where = fault?.at === undefined ? node.at : traced(value, fault.at).at;
    return { message: `after substitution it is no longer valid YAML: ${fault?.message ?? 'no mapping'}`, at: where };
  }
  const secretValues = secretTexts(value, variables);
  return { node: convert(root) as Mapping, secretValues, unresolved: [...unresolved] };

  /** A node of the new text with its types settled and its origin led back. */
  function convert(from: Node): Node {
    const { at } = traced(value, from.at);
    if (from.kind === 'sequence') return { kind: 'sequence', items: from.items.map(convert), at };
    if (from.kind === 'scalar') return fromJson(resolve(from, 'sigs'), at);
    const entries = from.entries.map((entry) => {
      const name = resolve(entry.key, 'sigs');
      const key = { ...entry.key, text: String(name), tag: '!!str', style: 'plain' as const };
      return { key: { ...key, at: traced(value, entry.key.at).at }, value: convert(entry.value) };
    });
    return { kind: 'mapping', entries, at };
  }

  function traced({ pieces }: Substituted, place: Origin): { readonly at: Origin } {
    const touching = overlapping(pieces, place.start, Math.max(place.end, place.start + 1));
    const token = touching.find((piece) => piece.variables !== undefined);
    const isScalar = touching.every((piece) => piece.variables !== undefined || piece.end > piece.start);
    if (token === undefined || !isScalar || spansLines(value.text, place)) {
      const first = touching[0];
      if (first === undefined) return { at: node.at };
      const offset = first.variables === undefined ? first.from + (place.start - first.start) : first.from;
      return { at: source.at(offset, place.end - place.start) };
    }
    const asked = tokenOrigin(source.at(token.from), text.slice(token.from, token.to), request);
    const variable = token.variables!.map((name) => variables.get(name)).find((v) => v !== undefined);
    return { at: variable === undefined ? asked : { ...variable.at, via: asked } };
  }
}

/** Collections stretch over lines and hold many tokens: their origin is their own place, not a variable's. */
function spansLines(text: string, place: Origin): boolean {
  return text.slice(place.start, place.end).includes('\n') && !/^[|>"']/.test(text.slice(place.start, place.start + 1));
}

/** The pieces that a stretch of the outcome touches. */
function overlapping(pieces: readonly Piece[], start: number, end: number): readonly Piece[] {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end <= start) low = middle + 1;
    else high = middle;
  }
  const found: Piece[] = [];
  for (let i = low; i < pieces.length && pieces[i]!.start < end; i++) found.push(pieces[i]!);
  return found;
}

/** Tokens of unknown variables without a default stand as they were written. */
function keepUnknown(value: Substituted, template: string, unresolved: ReadonlySet<string>): Substituted {
  if (unresolved.size === 0) return value;
  let text = '';
  const pieces = value.pieces.map((piece): Piece => {
    const unknown = piece.variables?.some((name) => unresolved.has(name)) && piece.start === piece.end;
    const part = unknown ? template.slice(piece.from, piece.to) : value.text.slice(piece.start, piece.end);
    const start = text.length;
    text += part;
    return { ...piece, start, end: text.length };
  });
  return { text, pieces };
}

interface SpanIndex {
  /** The origin of the innermost span around an offset of the printed text; `length` picks among those that start there. */
  at(offset: number, length?: number): Origin;
}

function spanIndex(spans: readonly Span[], fallback: Origin): SpanIndex {
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const starts = new Map<number, Span[]>();
  for (const span of sorted) starts.set(span.start, [...(starts.get(span.start) ?? []), span]);
  return {
    at(offset, length) {
      const exact = starts.get(offset);
      if (exact !== undefined) {
        // A mapping starts where its first key does; the lengths tell them apart.
        const close = (span: Span) => Math.abs(span.end - span.start - (length ?? 0));
        return exact.reduce((best, span) => (close(span) < close(best) ? span : best)).at;
      }
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle]!.start <= offset) low = middle + 1;
        else high = middle;
      }
      for (let i = low - 1; i >= 0; i--) if (sorted[i]!.end > offset) return sorted[i]!.at;
      return fallback;
    },
  };
}

/** The token inside its scalar, found in the source text; the scalar itself where the text differs (folded, generated). */
function tokenOrigin(scalar: Origin, token: string, { textOf }: Pick<SubstituteRequest, 'textOf'>): Origin {
  const text = textOf(scalar.file)?.slice(scalar.start, scalar.end);
  const index = text?.indexOf(token) ?? -1;
  if (index < 0 || token === '') return scalar;
  return { ...scalar, start: scalar.start + index, end: scalar.start + index + token.length };
}

/** The values of the secrets that were used, and what the functions of a token made of them: a part, another case. */
function secretTexts({ text, pieces }: Substituted, variables: SubstituteRequest['variables']): readonly string[] {
  const texts = new Set<string>();
  for (const { variables: names = [], start, end } of pieces) {
    const secrets = names.flatMap((name) => {
      const variable = variables.get(name);
      return variable?.secret && variable.value !== '' ? [variable.value] : [];
    });
    for (const secret of secrets) texts.add(secret);
    const made = text.slice(start, end);
    if (secrets.length > 0 && made.length >= wholeOnly) texts.add(made);
  }
  return [...texts];
}
