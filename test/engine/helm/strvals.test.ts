/** `--set` and `targetPath`: Helm's grammar, types and refusals. */
import { describe, expect, test } from 'vitest';
import { helm, toJson } from '../../../src/engine/index.ts';

const at = { file: 'line', start: 0, end: 0 };

const read = (path: string) =>
  path === 'none' ? { error: `open ${path}: no such file or directory` } : { text: `in ${path}` };

function set(line: string, mode: helm.SetMode = 'typed', before = '', version: 3 | 4 = 4): unknown {
  const values = helm.table(at);
  if (before !== '') helm.setValues(values, before, 'typed', at);
  const error = helm.setValues(values, line, mode, at, { helm: version, read });
  return (
    error ?? JSON.stringify(toJson(helm.toMapping(values), 'sigs'), (_, v) => (typeof v === 'bigint' ? String(v) : v))
  );
}

describe('typed', () => {
  test.each([
    ['a=1', '{"a":1}'],
    ['a=01', '{"a":"01"}'],
    ['a=0', '{"a":0}'],
    ['a=1.5', '{"a":"1.5"}'],
    ['a=true,b=FALSE,c=null,d=', '{"a":true,"b":false,"c":null,"d":""}'],
    ['a.b.c=x', '{"a":{"b":{"c":"x"}}}'],
    ['a={x,1,true}', '{"a":["x",1,true]}'],
    ['a[1]=x', '{"a":[null,"x"]}'],
    ['a[0].b=1,a[1][0]=2', '{"a":[{"b":1},[2]]}'],
    ['a\\.b=1\\,2', '{"a.b":"1,2"}'],
    ['a=b=c', '{"a":"b=c"}'],
    ['a', 'key "a" has no value'],
    ['a,b=1', 'key "a" has no value (cannot end with ,)'],
    ['a={1', "list must terminate with '}'"],
    ['a[x]=1', 'error parsing index: strconv.Atoi: parsing "x": invalid syntax'],
    ['a[99999999999999999999]=1', /value out of range/],
    ['b=1,a[', '{"b":1}'],
    ['b=1,a[0', '{"b":1}'],
    ['a[0]', '{"a":[]}'],
    ['a[0].b=', '{"a":[]}'],
    ['a[0].b=,c=1', '{"a":[{"b":""}],"c":1}'],
    ['a..b=1', 'key map "a" has no value'],
    ['a.=1', 'key map "a" has no value'],
    ['=1,b=2', '{"b":2}'],
    ['a=1,a.b=2', 'unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}'],
    ['a=x,a[0]=2', 'unable to parse key: interface conversion: interface {} is string, not []interface {}'],
    ['a[-1]=1', /negative -1 index not allowed/],
    ['a[70000]=1', /greater than maximum supported index of 65536/],
  ])('%s', (line, expected) => {
    if (typeof expected === 'string') expect(set(line)).toBe(expected);
    else expect(set(line)).toMatch(expected);
  });
  test('keeps what was set before', () => {
    expect(set('a.c=2', 'typed', 'a.b=1')).toBe('{"a":{"b":1,"c":2}}');
    expect(set('a.c=2', 'typed', 'a=1')).toMatch(/unable to parse key/);
  });
});

test('an index that does not end is an error in Helm 3 alone', () => {
  expect(set('b=1,a[0', 'typed', '', 3)).toBe('error parsing index: EOF');
  expect(set('a[0][', 'literal', '', 3)).toBe('error parsing index: EOF');
});

test.each([
  ['a=1,b="x,y",c={"d":[1,{"e":null}]} ', '{"a":1,"b":"x,y","c":{"d":[1,{"e":null}]}}'],
  ['a=,b=', '{"a":null,"b":null}'],
  ['a[1]=[],a[0].b=1.5e3', '{"a":[{"b":1500},[]]}'],
  ['a={"b":1,"b":2}', '{"a":{"b":2}}'],
  ['{"a":{"c":1}}', '{"a":{"b":1,"c":1}}'],
  ['a=01', 'key "1" has no value'],
  ['a=[1', 'not valid JSON'],
  ['a=1.', 'not valid JSON'],
  ['{"a":1}x', 'not valid JSON'],
])('JSON: %s', (line, expected) => {
  expect(set(line, 'json', line.startsWith('{"a":{') ? 'a.b=1' : '')).toBe(expected);
});

test('an object as a whole is no JSON line in Helm 3', () => {
  expect(set('{"a":1}', 'json', '', 3)).toMatch(/^key .* has no value$/);
});

test('files', () => {
  expect(set('a=x,b={y,z},c=', 'file')).toBe('{"a":"in x","b":["in y","in z"],"c":""}');
  expect(set('a=none', 'file')).toBe('open none: no such file or directory');
});

test('strings and literals', () => {
  expect(set('a[1].b=x,y', 'literal')).toBe('{"a":[null,{"b":"x,y"}]}');
  expect(set('a[0]x"=1')).toBe(`unexpected data at end of array index: ['x' '"']`);
  expect(set('a=1,b=true', 'string')).toBe('{"a":"1","b":"true"}');
  expect(set('a=1,b={c}\\d', 'literal')).toBe('{"a":"1,b={c}\\\\d"}');
});
