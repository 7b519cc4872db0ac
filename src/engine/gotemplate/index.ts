/** The room's door: Go's text/template, with the functions of sprig and Helm, on values that know their origins. */
export { fromJson, fromNode, toJson, toNode } from './convert.ts';
export { defaultBudget, type ExecuteOptions, execute, type Rendered, type Segment, segmentsOf } from './execute.ts';
export { functionsOf, functionTable, helmFunctions } from './functions/index.ts';
export { type LookupHost, messageEnd, messageStart } from './functions/templates.ts';
export type { Budget, TimeLimit } from './machine.ts';
export {
  addTemplate,
  type Definition,
  lookup,
  newSet,
  parseTemplate,
  parseValue,
  type Template,
  type TemplateSet,
} from './set.ts';
export { assembled, indented, joined, marked, marksOf, originsOf, replaced, substring } from './text.ts';
export { type Journal, newJournal, rewind, TrackedMap, tracked } from './tracked.ts';
export {
  anyType,
  bool,
  bytes,
  type CallContext,
  type Enter,
  type FunctionTable,
  float,
  GoError,
  type GoFunction,
  int,
  int64,
  isTrue,
  kindOf,
  type ListValue,
  list,
  type MapValue,
  map,
  missing,
  nil,
  type ObjectValue,
  type Origins,
  object,
  type StringValue,
  string,
  strings,
  typeOf,
  type Value,
} from './value.ts';
