/** The journal of a crashed apply, and contexts that are not written to by accident. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ApplyEvent, protectionOf, unfinished, unfinishedTitle } from '../../../src/engine/apply/index.ts';
import { journalFor } from '../../../src/io/journal.ts';

const id = (name: string) => ({ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'apps', name });
const owner = id('owner');
const begun: readonly ApplyEvent[] = [
  { type: 'started', objects: 3, owners: [owner], all: [id('a'), id('b'), id('c')] },
  { type: 'suspended', owner, wayBack: 'resume' },
  { type: 'sending', owner, id: id('a') },
  { type: 'object', owner, id: id('a'), outcome: 'applied', message: 'created' },
  { type: 'sending', owner, id: id('b') },
];

test('31: after a crash: what was applied, what is unknown, what was not sent, who is still suspended', () => {
  const state = mkdtempSync(join(tmpdir(), 'journal-'));
  onTestFinished(() => rmSync(state, { recursive: true }));
  const journal = journalFor('the cluster', { XDG_STATE_HOME: state });
  expect(unfinished(journal.left())).toBeUndefined();
  journal.begin();
  for (const event of begun) journal.write(event);
  expect(unfinished(journalFor('the cluster', { XDG_STATE_HOME: state }).left())).toEqual({
    done: [{ id: id('a'), outcome: 'applied' }],
    unknown: [id('b')],
    notSent: [id('c')],
    suspended: [owner],
  });
  expect(unfinished(journalFor('another', { XDG_STATE_HOME: state }).left())).toBeUndefined();
  const dir = join(state, 'sluice', 'applies');
  expect(readFileSync(join(dir, readdirSync(dir)[0]!), 'utf8').split('\n')).toHaveLength(begun.length + 1);
  journal.close();
  expect(unfinished(journal.left())).toBeUndefined();
});

test('when every answer was heard, only the waiting was cut off', () => {
  const title = (events: readonly ApplyEvent[]) => unfinishedTitle(unfinished(events)!);
  expect(title(begun)).toBe('the last apply to this cluster did not come to its end');
  const heard = [id('b'), id('c')].map((one): ApplyEvent => {
    return { type: 'object', owner, id: one, outcome: 'applied', message: '' };
  });
  expect(title([...begun, ...heard])).toBe(
    'the last apply to this cluster sent everything, and was cut off while it waited',
  );
});

test('what the cluster refused was sent, and yet not everything is done', () => {
  const outcomes = (['applied', 'failed', 'applied'] as const).map((outcome, index): ApplyEvent => {
    return { type: 'object', owner, id: id('abc'[index]!), outcome, message: '' };
  });
  expect(unfinishedTitle(unfinished([...begun, ...outcomes])!)).toContain('did not come to its end');
});

test('protected and read-only contexts, by patterns', () => {
  const settings = { protected: ['prod-*', '*-eu-*'], readOnly: ['prod-bank', '*.audit'] };
  const cases: Readonly<Record<string, string>> = {
    'prod-one': 'protected',
    'x-eu-y': 'protected',
    'prod-bank': 'read-only',
    'cluster.audit': 'read-only',
    staging: 'open',
    'my-prod-one': 'open',
    '-eu': 'open',
  };
  for (const [context, expected] of Object.entries(cases)) expect(protectionOf([context], settings)).toBe(expected);
});
