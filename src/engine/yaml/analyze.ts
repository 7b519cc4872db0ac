/** Which styles a string may be written in: go-yaml's analysis of a scalar before it chooses. */

export interface Analysis {
  readonly plain: boolean;
  readonly single: boolean;
  /** As a literal block. */
  readonly block: boolean;
  readonly multiline: boolean;
  readonly tabs: boolean;
}

/** Characters that YAML 1.1 writes as they are: those beyond the basic plane are escaped, as go-yaml does. */
export function isPrintable(code: number): boolean {
  return (
    (code >= 0x20 && code <= 0x7e) ||
    code === 0x0a ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff)
  );
}

export function isBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d || code === 0x85 || code === 0x2028 || code === 0x2029;
}

/** Whatever is not printable, without the breaks that are told apart from it, and the tab. */
const special = /[^\x09\x0a\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const spaceThenBreak = / [\n\r\x85\u2028\u2029]/;
const breakThenSpace = /[\n\r\x85\u2028\u2029] /;

/** Long texts of many lines are looked through by the engine's own patterns: nothing of them can be plain. */
function analyzeLong(text: string): Analysis {
  const ends = spaceThenBreak.test(text);
  const strange = special.test(text);
  const tabs = text.includes('\t');
  const single = !(ends || strange || tabs || breakThenSpace.test(text));
  return { plain: false, single, block: !text.endsWith(' ') && !ends && !strange, multiline: true, tabs };
}

export function analyze(text: string): Analysis {
  if (text === '') return { plain: true, single: true, block: false, multiline: false, tabs: false };
  if (text.length > 200 && text.includes('\n')) return analyzeLong(text);
  return analyzeEach(text);
}

/** The same, character by character. */
export function analyzeEach(text: string): Analysis {
  let indicators = text.startsWith('---') || text.startsWith('...');
  let special = false;
  let tabs = false;
  let multiline = false;
  let breakThenSpace = false;
  let spaceThenBreak = false;
  let afterSpace = false;
  let afterBreak = false;
  let afterWhite = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!indicators && isIndicator(text, i, code, afterWhite)) indicators = true;
    if (code === 0x09) tabs = true;
    else if (!isPrintable(code)) special = true;
    if (code === 0x20) {
      if (afterBreak) breakThenSpace = true;
      afterSpace = true;
      afterBreak = false;
      afterWhite = true;
    } else if (isBreak(code)) {
      multiline = true;
      if (afterSpace) spaceThenBreak = true;
      afterSpace = false;
      afterBreak = true;
      afterWhite = true;
    } else {
      afterSpace = false;
      afterBreak = false;
      afterWhite = code === 0x09 || code === 0x00;
    }
  }
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  const ragged = first === 0x20 || isBreak(first) || last === 0x20 || isBreak(last);
  const quotable = !(breakThenSpace || spaceThenBreak || special || tabs);
  return {
    plain: quotable && !indicators && !ragged && !multiline,
    single: quotable,
    block: last !== 0x20 && !spaceThenBreak && !special,
    multiline,
    tabs,
  };
}

/** Whether the character at `i` would mean something else in a plain scalar of a block collection. */
function isIndicator(text: string, i: number, code: number, afterWhite: boolean): boolean {
  if (i === 0) {
    if (',[]{}#&*!|>\'"%@`'.includes(text[0]!)) return true;
    return (code === 0x3f || code === 0x3a || code === 0x2d) && isBlankOrEnd(text, 1);
  }
  if (code === 0x3a) return isBlankOrEnd(text, i + 1);
  return code === 0x23 && afterWhite;
}

function isBlankOrEnd(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  return Number.isNaN(code) || code === 0x20 || code === 0x09;
}
