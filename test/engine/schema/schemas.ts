/** The bundled schemas, opened once for all tests of a file. */
import { readFileSync } from 'node:fs';
import { createSchemas } from '../../../src/engine/index.ts';

export const schemas = createSchemas((name) => readFileSync(new URL(`../../../data/${name}`, import.meta.url)));
