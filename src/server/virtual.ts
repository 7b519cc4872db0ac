/**
 * Virtual documents: what the server renders, and the map between each rendered line and the lines that caused it. The
 * path of a URI is for a person to read (the editor's tab); its query holds what the document is, for the server alone.
 */
import {
  fromJson,
  type Json,
  type Node,
  type Origin,
  type Printed,
  printWithSpans,
  type Span,
} from '../engine/index.ts';
import type { ObjectName } from '../protocol/index.ts';
import type { Folder } from './files.ts';

/** What a virtual document is of. `folder` is the URI of the open folder that its origins are in. */
export type Virtual =
  | { readonly of: 'live'; readonly object: ObjectName }
  | { readonly of: 'plan'; readonly side: 'before' | 'after'; readonly entry: string }
  | { readonly of: 'kustomize'; readonly folder: string; readonly path: string }
  | FluxVirtual
  | ReleaseVirtual;

/** A Flux object as a cluster directory renders it; without one, as the file at `path` declares it. */
export interface FluxVirtual {
  readonly of: 'flux';
  readonly folder: string;
  readonly path: string;
  readonly owner: string;
  readonly cluster?: string;
}

/** A HelmRelease as a cluster directory renders it; without one, as the file at `path` declares it. */
export interface ReleaseVirtual {
  readonly of: 'release';
  readonly show: 'objects' | 'values';
  readonly folder: string;
  readonly path: string;
  readonly owner: string;
  readonly cluster?: string;
}

/** A rendered text; spans carry origins in the files of `folder`. */
export interface Rendered {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly folder?: Folder;
}

const scheme = 'sluice';

/** `within` is told beside the title where several documents are shown in one list. */
export function virtualUri(virtual: Virtual, title: string, within = ''): string {
  const parts = [within, title].filter((part) => part !== '').map((part) => part.replace(/[^\w .:-]+/g, '-'));
  return `${scheme}:/${virtual.of}/${parts.map(encodeURIComponent).join('/')}.yaml?${queryOf(virtual)}`;
}

/** The query alone: what tells one virtual document from another. */
export function queryOf(virtual: Virtual): string {
  return Buffer.from(JSON.stringify(virtual)).toString('base64url');
}

/** What a URI stands for; undefined for one that this server did not make. */
export function parseVirtual(uri: string): Virtual | undefined {
  const query = uri.startsWith(`${scheme}:`) ? uri.slice(uri.indexOf('?') + 1) : '';
  try {
    const value: unknown = JSON.parse(Buffer.from(query, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && 'of' in value ? (value as Virtual) : undefined;
  } catch {
    return undefined;
  }
}

/** Where a live value came from is not known: spans of these lead nowhere. */
export const nowhere: Origin = { file: '', start: 0, end: 0 };

/** A JSON value as YAML without origins: a live object. */
export function renderLive(value: Json): Rendered {
  return { text: printWithSpans(fromJson(value, nowhere), 'sigs').text, spans: [] };
}

/** Several objects, one document each, as `kustomize build` prints them. */
export function renderNodes(nodes: readonly Node[], dialect: 'kyaml' | 'sigs', folder: Folder): Rendered {
  let text = '';
  const spans: Span[] = [];
  for (const node of nodes) {
    if (text !== '') text += '---\n';
    const printed = printedOnce(node, dialect);
    for (const { start, end, at } of printed.spans) {
      spans.push({ start: start + text.length, end: end + text.length, at });
    }
    text += printed.text;
  }
  return { text, spans, folder };
}

const printedBefore = { kyaml: new WeakMap<Node, Printed>(), sigs: new WeakMap<Node, Printed>() };

/** An object that an edit left alone is the same one, and prints the same. */
function printedOnce(node: Node, dialect: 'kyaml' | 'sigs'): Printed {
  const known = printedBefore[dialect].get(node) ?? printWithSpans(node, dialect);
  printedBefore[dialect].set(node, known);
  return known;
}

/**
 * The origins of a rendered position, most exact first: the narrowest span around it, else the first on its line.
 * `lineStart` and `lineEnd` are the offsets of the line.
 */
export function originsAt(rendered: Rendered, offset: number, lineStart: number, lineEnd: number): readonly Origin[] {
  const known = rendered.spans.filter((span) => span.at.file !== '');
  const around = known.filter((span) => span.start <= offset && offset <= span.end && span.end <= lineEnd + 1);
  const onLine = known.filter((span) => span.start >= lineStart && span.start <= lineEnd);
  const wider = known.filter((span) => span.start <= offset && offset <= span.end);
  const best =
    around.length > 0
      ? narrowest(around)
      : onLine.length > 0
        ? narrowest(onLine)
        : wider.length > 0
          ? narrowest(wider)
          : undefined;
  if (best === undefined) return [];
  return best.at.via === undefined ? [best.at] : [best.at, best.at.via];
}

function narrowest(spans: readonly Span[]): Span {
  return spans.reduce((best, span) => (span.end - span.start < best.end - best.start ? span : best));
}

/** The spans whose origin overlaps a source line, narrowest first. */
export function spansFrom(rendered: Rendered, file: string, start: number, end: number): readonly Span[] {
  const from = (at: Origin): boolean => at.file === file && at.start < end && at.end > start && at.start >= start;
  const spans = rendered.spans.filter((span) => from(span.at) || (span.at.via !== undefined && from(span.at.via)));
  return spans.sort((a, b) => a.end - a.start - (b.end - b.start));
}
