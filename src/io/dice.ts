/**
 * The dice of charts (`randAlphaNum`, `genCA`): unforeseeable, and for one name the same row as long as this process runs,
 * so that a plan, its apply and every render between them agree.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { Random } from '../engine/index.ts';

const seed = randomBytes(32);

export function diceFor(name: string): Random {
  const key = createHash('sha256').update(seed).update(name).digest();
  const row = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return { bytes: (count) => new Uint8Array(row.update(Buffer.alloc(count))) };
}
