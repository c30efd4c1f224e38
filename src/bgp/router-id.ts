import { createHash } from 'node:crypto';

/** A router id out of a name: the first four bytes of its SHA-256, kept below the multicast range (spec calico-v3, 3.2). */
export function hashedRouterId(nodeName: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = createHash('sha256').update(nodeName).digest();
  return [a > 223 ? a - 32 : a, b, c, d].join('.');
}
