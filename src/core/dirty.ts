/**
 * A mailbox with one slot and no payload: any number of `raise()` before a `take()` are one wake-up.
 * Whoever takes reads the snapshot afterwards, so a change that arrives meanwhile raises it again and is never lost.
 */
export class Dirty {
  #raised = false;
  #raises = 0;
  #waiting: (() => void)[] = [];

  raise(): void {
    this.#raised = true;
    this.#raises++;
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

  /** How often it was raised in all: who waits for quiet sees by it whether more came. */
  get raises(): number {
    return this.#raises;
  }

  /** Resolves once the slot is raised, or when `signal` aborts. It does not clear the slot. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#raised || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.push(wake);
    });
  }
}
