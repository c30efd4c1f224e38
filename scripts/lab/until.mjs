// Waiting for what others bring about, with a deadline and with words for what is missing.
import { setTimeout as wait } from 'node:timers/promises';

const RETRY_MS = 50;

/**
 * Asks `missing` (which resolves with a list of what is missing, in words) again and again until it says nothing; `onProgress` gets each
 * list. Rejects at the deadline with what is still missing, and when `signal` aborts.
 */
export async function until(what, missing, { timeoutMs, signal, onProgress = () => {} }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const left = await missing();
    onProgress(left);
    if (left.length === 0) return;
    if (Date.now() >= deadline)
      throw new Error(`${what}: after ${timeoutMs / 1000} s still missing: ${left.join('; ')}`);
    await wait(RETRY_MS, null, { signal });
  }
}
