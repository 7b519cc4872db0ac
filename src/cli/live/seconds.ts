/** An option that counts seconds, in milliseconds. */
import { UsageError } from '../command.ts';

export function seconds(option: unknown, otherwise: number): number {
  if (option === undefined) return otherwise * 1000;
  const value = Number(String(option).replace(/s$/, ''));
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(`${option} is no number of seconds`);
  return value * 1000;
}
