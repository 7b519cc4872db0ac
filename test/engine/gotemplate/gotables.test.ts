/** Go's own tables for text/template, read from the installed toolchain's sources. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quote } from '../../../src/engine/go/strconv.ts';
import { functionTable } from '../../../src/engine/gotemplate/index.ts';
import { lex } from '../../../src/engine/gotemplate/lex.ts';
import { print } from '../../../src/engine/gotemplate/node.ts';
import { parseNumber } from '../../../src/engine/gotemplate/number.ts';
import { ParseError, parseText } from '../../../src/engine/gotemplate/parse.ts';
import { render } from './check.ts';
import { constants, dataOf, execFunctions } from './execdata.ts';
import { elements, rowsOf, stringOf } from './gosource.ts';

const root = goRoot();
const why = 'no Go toolchain here: its sources hold the tables';

function goRoot(): string | undefined {
  try {
    const path = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim();
    return existsSync(join(path, 'src/text/template/exec_test.go')) ? path : undefined;
  } catch {
    return undefined;
  }
}

function source(name: string): string {
  return readFileSync(join(root!, 'src/text/template', name), 'utf8');
}

interface Tally {
  readonly name: string;
  passed: number;
  readonly failed: string[];
  readonly skipped: string[];
}

function report(tally: Tally, least: number): void {
  const { name, passed, failed, skipped } = tally;
  console.log(`${name}: ${passed} of ${passed + failed.length + skipped.length} rows, ${skipped.length} skipped`);
  for (const reason of skipped) console.log(`  skipped ${reason}`);
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThanOrEqual(least);
}

const tokenTypes: Record<string, string> = {
  itemCharConstant: 'charConstant',
  itemLeftDelim: 'leftDelim',
  itemRightDelim: 'rightDelim',
  itemLeftParen: 'leftParen',
  itemRightParen: 'rightParen',
  itemRawString: 'rawString',
  itemEOF: 'eof',
};

/** `mkItem(itemText, "x")`, or the name of one that the file defines. */
function tokenOf(expression: string, text: string): string {
  const named = new RegExp(`\\n\\t${expression}\\s*= (mkItem\\(.*\\))\\n`).exec(text);
  const call = /^mkItem\(item(\w+), (.*)\)$/s.exec(named?.[1] ?? expression)!;
  const raw = '`abc \\n\\t\\" `';
  const value = stringOf(call[2]!, { raw, rawNL: '`now is{{\n}}the time`' });
  const keyword = /^(Block|Break|Continue|Define|Else|End|If|Range|Template|With)$/.test(call[1]!);
  const type = keyword ? 'keyword' : (tokenTypes[`item${call[1]}`] ?? call[1]![0]!.toLowerCase() + call[1]!.slice(1));
  return type === 'eof' ? 'eof' : `${type} ${value}`;
}

test.skipIf(root === undefined)(`lexTests (${why})`, () => {
  const text = source('parse/lex_test.go');
  const tally: Tally = { name: 'lexTests', passed: 0, failed: [], skipped: [] };
  const strings = { raw: '`abc \\n\\t\\" `', rawNL: '`now is{{\n}}the time`' };
  for (const [name, input, items] of rowsOf(text, 'lexTests')) {
    const want = elements(items!, items!.indexOf('{') + 1).map((item) => tokenOf(item, text));
    const lexer = lex(stringOf(input!, strings)!, { comments: true });
    const got: string[] = [];
    for (let token = lexer.next(); ; token = lexer.next()) {
      got.push(token.type === 'eof' ? 'eof' : `${token.type} ${token.text}`);
      if (token.type === 'eof' || token.type === 'error') break;
    }
    if (got.join('\n') === want.join('\n')) tally.passed++;
    else tally.failed.push(`${name}: want ${JSON.stringify(want)} got ${JSON.stringify(got)}`);
  }
  report(tally, 40);
});

function nested(text: string): string {
  return text.replace('((((', '('.repeat(10_001)).replace('))))', ')'.repeat(10_001));
}

const parserFunctions = new Set(['printf', 'contains', 'and', 'or', 'not', 'len', 'index']);

test.skipIf(root === undefined)(`numberTests (${why})`, () => {
  const tally: Tally = { name: 'numberTests', passed: 0, failed: [], skipped: [] };
  for (const row of rowsOf(source('parse/parse_test.go'), 'numberTests')) {
    const text = stringOf(row[0]!.replace('text: ', ''))!;
    // A row with nothing but its text stands for no number at all.
    const want = row.length === 1 ? 'false,false,false,false' : row.slice(1, 5).join();
    const kind = text.startsWith("'") ? 'char' : /^[+-]?[^+-]*[^eEpP+-][+-].*i$/.test(text) ? 'complex' : 'number';
    const number = parseNumber(text, kind, 0);
    const none = typeof number === 'string';
    const got = none
      ? [false, false, false, false]
      : [number.int, number.uint, number.float, number.complex].map((part) => part !== undefined);
    if (got.join() === want) tally.passed++;
    else tally.failed.push(`${text}: want ${want} got ${got}`);
  }
  report(tally, 52);
});

test.skipIf(root === undefined)(`parseTests (${why})`, () => {
  const tally: Tally = { name: 'parseTests', passed: 0, failed: [], skipped: [] };
  for (const [name, input, ok, result] of rowsOf(source('parse/parse_test.go'), 'parseTests')) {
    // Go's test lowers the limit to three, which we cannot: what goes beyond it goes beyond the real one.
    const text = /exceeds limit/.test(name!) ? nested(stringOf(input!)!) : stringOf(input!)!;
    let got: string;
    try {
      const trees = parseText('test', text, { hasFunction: (word) => parserFunctions.has(word) });
      got = `noError ${print(trees.get('test')!, quote)}`;
    } catch (e) {
      // Where the stack ends before the limit, a parse says so, too (see `parseTemplate`).
      if (!(e instanceof ParseError || e instanceof RangeError)) throw e;
      got = 'hasError';
    }
    const want = ok === 'noError' ? `noError ${stringOf(result!)}` : ok;
    if (got === want) tally.passed++;
    else tally.failed.push(`${name}: want ${want} got ${got}`);
  }
  report(tally, 108);
});

test.skipIf(root === undefined)(`errorTests (${why})`, () => {
  const tally: Tally = { name: 'errorTests', passed: 0, failed: [], skipped: [] };
  for (const [name, input, , result] of rowsOf(source('parse/parse_test.go'), 'errorTests')) {
    let message = '';
    const title = stringOf(name!)!;
    try {
      parseText(title, stringOf(input!)!, { hasFunction: () => false });
    } catch (e) {
      message = (e as Error).message;
    }
    if (message.includes(stringOf(result!)!)) tally.passed++;
    else tally.failed.push(`${name}: want ${result} got ${message}`);
  }
  report(tally, 30);
});

test.skipIf(root === undefined)(`execTests (${why})`, () => {
  const tally: Tally = { name: 'execTests', passed: 0, failed: [], skipped: [] };
  const functions = functionTable(execFunctions);
  for (const [nameText, input, output, dataText, ok] of rowsOf(source('exec_test.go'), 'execTests')) {
    const name = stringOf(nameText!)!;
    const text = stringOf(input!, constants);
    const data = dataOf(dataText!, text ?? '');
    if (text === undefined || typeof data === 'string') {
      tally.skipped.push(`${name}: ${typeof data === 'string' ? data : 'its input is computed'}`);
      continue;
    }
    const rendered = render(text, data, { name, functions, missingKey: 'default' });
    const failed = rendered.problems.length > 0;
    const counted = /^rangeTestData\[(\w+)\]\(\)$/.exec(output!)?.[1];
    const want =
      counted === undefined ? stringOf(output!, constants) : [0, 1, 2, 3, 4].map((i) => counted + i).join('');
    if (failed === (ok === 'false') && (failed || rendered.text === want)) tally.passed++;
    else tally.failed.push(`${name}: ${text} want ${ok} ${want} got ${rendered.problems[0]?.message ?? rendered.text}`);
  }
  report(tally, 311);
});
