/** Whether the server itself refuses to write: it does not take the extension's word for it. */
import { expect, test, vi } from 'vitest';
import type { Settings } from '../../src/protocol/index.ts';
import { barred } from '../../src/server/protection.ts';

const settings = {
  kubeconfig: '',
  protectedContexts: ['prod-*'],
  readOnlyContexts: ['prod-bank'],
} satisfies Settings;

function check(context: string, confirmed: string | undefined, expected: RegExp | undefined): void {
  const reason = barred({ context }, settings, confirmed);
  if (expected === undefined) expect(reason).toBeUndefined();
  else expect(reason).toMatch(expected);
}

test('an open context is written to, a protected one by who typed its whole name', () => {
  check('staging', undefined, undefined);
  check('prod-one', undefined, /prod-one is protected here .* its name has to be typed/);
  check('prod-one', 'prod-two', /is protected/);
  check('prod-one', 'prod-', /is protected/);
  check('prod-one', '', /is protected/);
  check('prod-one', 'prod-one', undefined);
});

test('a read-only context is not written to, whatever was typed', () => {
  check('prod-bank', 'prod-bank', /prod-bank is read-only here .*: nothing is written to it/);
});

test('the environment adds to the settings, and does not replace them', () => {
  vi.stubEnv('SLUICE_PROTECTED', 'staging, qa-*');
  vi.stubEnv('SLUICE_READ_ONLY', 'prod-two');
  try {
    check('staging', undefined, /is protected/);
    check('qa-1', undefined, /is protected/);
    check('prod-two', 'prod-two', /is read-only/);
    check('prod-bank', 'prod-bank', /is read-only/);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("another cluster by its server's address, and the same cluster by another context", () => {
  const by = { ...settings, protectedContexts: ['https://far.*'], readOnlyContexts: ['*.bank:6443'] };
  const staging = { context: 'staging', server: 'https://near' };
  expect(barred({ ...staging, others: ['https://near'] }, by, undefined)).toBeUndefined();
  expect(barred({ ...staging, others: ['https://far.one'] }, by, undefined)).toMatch(
    /https:\/\/far.one is protected here .*the name staging has to be typed/,
  );
  expect(barred({ ...staging, others: ['https://far.one'] }, by, 'staging')).toBeUndefined();
  expect(barred({ ...staging, others: ['https://far.one', 'https://a.bank:6443'] }, by, 'staging')).toMatch(
    /a.bank:6443 is read-only/,
  );
  expect(barred({ context: 'alias', server: 'https://far.one' }, by, undefined)).toMatch(/alias is protected here/);
});
