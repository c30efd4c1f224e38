import { setTimeout as wait } from 'node:timers/promises';

const RETRY_MS = 20;

/** Runs `check` again and again until it stops throwing, and resolves with what it returned; rejects with its last error at the deadline. */
export async function eventually<T>(check: () => T | Promise<T>, { timeoutMs = 10_000 } = {}): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await wait(RETRY_MS);
  }
}
