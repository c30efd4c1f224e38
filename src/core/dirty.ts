/**
 * A mailbox with one slot and no payload: any number of `raise()` before a `take()` are one wake-up.
 * Whoever takes reads the snapshot afterwards, so a change that arrives meanwhile raises it again and is never lost.
 */
export class Dirty {
  #raised = false;
  #waiting: (() => void)[] = [];

  raise(): void {
    this.#raised = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Clears the slot; true if it was raised. The loop calls it in one place only. */
  take(): boolean {
    const was = this.#raised;
    this.#raised = false;
    return was;
  }

  get raised(): boolean {
    return this.#raised;
  }

  /** Resolves once the slot is raised, or when `signal` aborts. It does not clear the slot. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#raised) await this.next(signal);
  }

  /** Resolves when it is raised from now on, also where it already is, or when `signal` aborts. It does not clear the slot. */
  async next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting = this.#waiting.filter((other) => other !== wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.push(wake);
    });
  }
}
