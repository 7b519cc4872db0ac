/**
 * Kubernetes' own complete objects, one of every kind with every field set, as the judge of the built-in schemas: none
 * may be unknown, of the wrong type or missing something. (Their values are deliberate nonsense: `nameValue`.)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { idOf, isObject, parse } from '../../../src/engine/index.ts';
import { schemas } from './schemas.ts';

const cache = process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod');
const folder = join(cache, 'k8s.io/api@v0.36.3/testdata/HEAD');
const why = `needs k8s.io/api@v0.36.3 in the Go module cache (go mod download k8s.io/api@v0.36.3)`;

test.skipIf(!existsSync(folder))(`complete objects of every built-in kind have no problems: ${why}`, () => {
  const wrong: string[] = [];
  const known = new Set<string>();
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.yaml'))) {
    for (const { root } of parse(readFileSync(join(folder, name), 'utf8'), name).documents) {
      if (!isObject(root)) continue;
      const { group, version, kind } = idOf(root);
      const found = schemas.kind(group === '' ? version : `${group}/${version}`, kind);
      if (found === undefined) continue;
      known.add(`${group}/${version}/${kind}`);
      for (const problem of schemas.validate(root)) {
        if (!['schema-enum', 'schema-value'].includes(problem.code)) wrong.push(`${name}: ${problem.message}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(known.size).toBeGreaterThan(85);
});
