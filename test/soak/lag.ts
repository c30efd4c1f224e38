import type { Shape } from '../faults/running.ts';

/** How far BIRD is behind the data, by looks at both. Times in ms. */
export class Lag {
  /** The shapes of the data, oldest first, with the time of the write; only from where BIRD was seen last. */
  #shapes: { readonly at: number; readonly shape: string }[] = [];
  #lookedAt: number | null = null;
  /** Time in which BIRD showed other data than the newest. */
  differingMs = 0;
  longestMs = 0;
  /** Looks at which BIRD did not answer, as it was being restarted. */
  unanswered = 0;
  looks = 0;

  wrote(shape: Shape, at: number): void {
    const text = JSON.stringify(shape);
    if (this.#shapes.at(-1)?.shape !== text) this.#shapes.push({ at, shape: text });
  }

  /** `shown` null: BIRD did not answer. */
  looked(shown: Shape | null, at: number): void {
    const passedMs = at - (this.#lookedAt ?? at);
    this.#lookedAt = at;
    this.looks++;
    if (shown === null) this.unanswered++;
    const seen = this.#shapes.findLastIndex(({ shape }) => shape === JSON.stringify(shown));
    if (seen > 0) this.#shapes = this.#shapes.slice(seen);
    const isNewest = seen >= 0 && this.#shapes.length === 1;
    if (isNewest) return;
    this.differingMs += passedMs;
    const oldestUnseen = this.#shapes[seen >= 0 ? 1 : 0];
    if (oldestUnseen) this.longestMs = Math.max(this.longestMs, at - oldestUnseen.at);
  }
}
