/** The table of Go structs, read once for a process. */
import type { GoTypes } from '../engine/index.ts';
import { readData } from './data.ts';

let read: GoTypes | undefined;

export function goTypes(): GoTypes {
  read ??= JSON.parse(readData('go-types.json').toString('utf8')) as GoTypes;
  return read;
}
