/** The kustomize engine with its generated tables, made once for a process. */
import { createKustomizer, type Kustomizer, type KustomizeTables } from '../engine/index.ts';
import { readData } from './data.ts';

let made: Kustomizer | undefined;

export function loadKustomizer(): Kustomizer {
  made ??= createKustomizer(JSON.parse(readData('kustomize.json').toString('utf8')) as KustomizeTables);
  return made;
}
