/** The data and functions of Go's exec_test.go, in our values. What has no counterpart in charts is left out by name. */
import { printValue, sprintln } from '../../../src/engine/gotemplate/format.ts';
import { fn, num, text } from '../../../src/engine/gotemplate/functions/define.ts';
import {
  bool,
  float,
  GoError,
  type GoFunction,
  int,
  type ListValue,
  type MapValue,
  map,
  missing,
  nil,
  object,
  string,
  strings,
  typeOf,
  type Value,
} from '../../../src/engine/gotemplate/index.ts';

export const constants: Readonly<Record<string, string>> = {
  bigInt: '0x7fffffffffffffff',
  bigUint: '0x8000000000000000',
  rangeTestInt: '{{range $v := .}}{{printf "%T%d" $v $v}}{{end}}',
};

function ints(...values: readonly number[]): ListValue {
  return { kind: 'list', items: values.map((value) => int(value)), elem: 'int' };
}

function intMap(entries: Readonly<Record<string, number>>): MapValue {
  return {
    kind: 'map',
    entries: new Map(Object.entries(entries).map(([key, value]) => [key, int(value)])),
    elem: 'int',
  };
}

function func(name: string, signature: string, call: (args: readonly Value[]) => Value): Value {
  return { kind: 'func', fn: fn(name, signature, call) };
}

function methods(all: readonly GoFunction[]): Map<string, GoFunction> {
  return new Map(all.map((each) => [each.name, each]));
}

const u = (v: string): Value =>
  object('template.U', [['V', string(v)]], {
    pointer: true,
    print: () => `{${v}}`,
    methods: methods([fn('TrueFalse', 'bool', ([b]) => string(b!.kind === 'bool' && b!.value ? 'true' : ''))]),
  });

const shown = (type: string, print: string): Value => object(type, [], { print: () => print });

const join = (args: readonly Value[]) => `<${args.map((arg) => text(arg)).join('+')}>`;

const tMethods = methods([
  fn('Method0', '', () => string('M0')),
  fn('Method1', 'int', ([a]) => a!),
  fn('Method2', 'any string', ([a, b]) => string(`Method2: ${printValue(a!)} ${text(b)}`)),
  fn('Method3', 'any', ([v]) => string(`Method3: ${printValue(v!)}`)),
  fn('MAdd', 'int any', ([a, b]) => ints(...(b as ListValue).items.map((item) => num(item) + num(a)))),
  fn('GetU', '', () => u('v')),
  fn('MyError', 'bool', ([fails]) => {
    if (fails!.kind === 'bool' && fails!.value) throw new GoError('my error');
    return bool(false);
  }),
  fn('Copy', '', () => tVal),
]);

const tVal: Value = object(
  'template.T',
  [
    ['True', bool(true)],
    ['False', bool(false)],
    ['I', int(17)],
    ['U16', { ...int(16), type: 'uint16' }],
    ['FloatZero', float(0)],
    ['ComplexZero', { kind: 'complex', re: 0, im: 0 }],
    ['X', string('x')],
    ['S', string('xyz')],
    ['U', u('v')],
    ['V0', shown('template.V', '<6666>')],
    ['V1', shown('template.V', '<7777>')],
    ['V2', shown('template.V', 'nilV')],
    ['W0', shown('template.W', '[888]')],
    ['W1', shown('template.W', '[999]')],
    ['W2', shown('template.W', 'nilW')],
    ['SI', ints(3, 4, 5)],
    ['SIEmpty', ints()],
    ['AI', ints(3, 4, 5)],
    ['PAI', ints(3, 4, 5)],
    ['SB', { kind: 'list', items: [bool(true), bool(false)], elem: 'bool' }],
    ['MSI', intMap({ one: 1, two: 2, three: 3 })],
    ['MSIone', intMap({ one: 1 })],
    ['MSIEmpty', intMap({})],
    ['MXI', intMap({ one: 1 })],
    [
      'SMSI',
      { kind: 'list', items: [intMap({ one: 1, two: 2 }), intMap({ eleven: 11, twelve: 12 })], elem: 'map[string]int' },
    ],
    ['Empty0', nil],
    ['Empty1', int(3)],
    ['Empty2', string('empty2')],
    ['Empty3', ints(7, 8)],
    ['Empty4', u('UinEmpty')],
    ['Str', shown('bytes.Buffer', 'foozle')],
    ['Err', shown('errors.errorString', 'erroozle')],
    ['PI', int(23)],
    ['PS', string('a string')],
    ['PSI', ints(21, 22, 23)],
    ['BinaryFunc', func('BinaryFunc', 'string string', ([a, b]) => string(`[${text(a)}=${text(b)}]`))],
    ['VariadicFunc', func('VariadicFunc', 'string...', (args) => string(join(args)))],
    ['VariadicFuncInt', func('VariadicFuncInt', 'int string...', ([a, ...args]) => string(`${num(a)}=${join(args)}`))],
    ['NilOKFunc', func('NilOKFunc', 'any', ([a]) => bool(a!.kind === 'nil'))],
    ['ErrFunc', func('ErrFunc', '', () => string('bla'))],
    [
      'PanicFunc',
      func('PanicFunc', '', () => {
        throw new GoError('test panic');
      }),
    ],
  ],
  { pointer: true, methods: tMethods },
);

export const execFunctions: readonly GoFunction[] = [
  fn('add', 'int...', (args) => int(args.reduce((sum, arg) => sum + num(arg), 0))),
  fn('count', 'int', ([n]) => (num(n) === 0 ? nil : strings([...'abcdefghijklmnop'.slice(0, num(n))]))),
  fn('dddArg', 'int string...', ([a, ...b]) => sprintln([a!, strings(b.map(text))])),
  fn('die', '', () => {
    throw new GoError('die');
  }),
  fn('echo', 'any', ([value]) => value!),
  fn('makemap', 'string...', (args) => ({
    kind: 'map',
    elem: 'string',
    entries: new Map(args.flatMap((arg, i) => (i % 2 === 0 ? [[text(arg), args[i + 1]!] as const] : []))),
  })),
  fn('mapOfThree', '', () => intMap({ three: 3 })),
  fn('oneArg', 'string', ([a]) => string(`oneArg=${text(a)}`)),
  fn('returnInt', '', () => int(7)),
  fn('stringer', 'object', ([a]) => string(printValue(a!))),
  fn('twoArgs', 'string string', ([a, b]) => string(`twoArgs=${text(a)}${text(b)}`)),
  fn('typeOf', 'any', ([a]) => string(typeOf(a!))),
  fn('valueString', 'string', () => string('value is ignored')),
  fn('vfunc', 'object object', () => string('vfunc')),
  fn('zeroArgs', '', () => string('zeroArgs')),
];

/** Names in a row's template that mean what neither Helm nor any function hands to a chart, and what that is. */
const absent: readonly [RegExp, string][] = [
  [/\.(MII|MI32S|MI64S|MUI32S|MUI64S|MI8S|MUI8S)\b/, 'no map has keys that are no strings'],
  [/\.SICap|slice \.S[IB]\b.*[4-9]/, "capacity beyond a slice's length: sprig's slice stands in the place of Go's"],
  [/\.(UPI|EmptyUPI|NIL)\b/, 'no value is a nil pointer'],
  [/\.(NonEmptyInterface\w*)\b/, 'no value stands in an interface with methods'],
  [
    /\.(TooFewReturnCountFunc|TooManyReturnCountFunc|InvalidReturnTypeFunc)\b/,
    'functions with other results than one value',
  ],
  [/\.Tmpl\b/, 'a template as data'],
  [/vfunc|valueString/, 'no function takes a value where a pointer to it is given'],
];

/** The data of a row; or why it has none here. */
export function dataOf(expression: string, template: string): Value | string {
  const reason = absent.find(([pattern]) => pattern.test(template));
  if (reason !== undefined) return reason[1];
  switch (expression) {
    case 'tVal':
      return tVal;
    case 'iVal':
      return 'no value stands in an interface with methods';
    case 'nil':
      return missing;
    case "'.'":
    case "'e'":
    case "'P'":
      return { ...int(expression.charCodeAt(1)), type: 'int32' };
    case '16.2 - 17i':
      return { kind: 'complex', re: 16.2, im: -17 };
    case 'T{}':
      return object('template.T', []);
    case 'map[string]string{"cause": "neglect"}':
      return { kind: 'map', elem: 'string', entries: new Map([['cause', string('neglect')]]) };
    case 'map[string]any{"S": bytes.NewBufferString("foozle")}':
      return map([['S', shown('bytes.Buffer', 'foozle')]]);
    case '&iVal':
    case 'tSliceOfNil':
      return `no value is a pointer to an interface or a nil pointer: ${expression}`;
    case 'true':
    case 'false':
      return bool(expression === 'true');
    case '15.1':
      return float(15.1);
    case '[]int{-1, -2, -3}':
      return ints(-1, -2, -3);
    case 'map[string]int{"two": 22}':
      return intMap({ two: 22 });
    case 'mVal':
      return 'data that another table defines';
    case '[]string{"a", "b", "c"}':
      return strings(['a', 'b', 'c']);
  }
  if (/^-?\d+$/.test(expression)) return int(Number(expression));
  const sized = /^(u?int\w*)\((\d+)\)$/.exec(expression);
  if (sized !== null) return { ...int(Number(sized[2])), type: sized[1]! };
  const quoted = /^["`](.*)["`]$/s.exec(expression);
  if (quoted !== null) return string(quoted[1]!.replaceAll('\\"', '"'));
  if (/^struct \{\s+a int\s+b string\s+\}\{7, "seven"\}/.test(expression)) return shown('struct', '{7 seven}');
  const iterator = /^fVal\d\(/.test(expression);
  if (iterator) return `no value is an iterator: ${expression}`;
  return `data of Go's own types: ${expression.split('\n')[0]}`;
}
