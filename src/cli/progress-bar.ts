const WIDTH = 30;
const EVERY_MS = 80;

/** Where it is drawn: standard error. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How far a long work is, on one line of a terminal; says nothing where the stream is none. */
export class ProgressBar {
  readonly #stream: Terminal;
  readonly #label: string;
  readonly #total: number;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(stream: Terminal, label: string, total: number, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#label = label;
    this.#total = total;
    this.#now = now;
  }

  /** `done` of the total; drawn a dozen times a second at most. */
  tick(done: number): void {
    const now = this.#now();
    if (!this.#stream.isTTY || now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    const full = this.#total === 0 ? WIDTH : Math.floor((done / this.#total) * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    this.#stream.write(`\r${this.#label} ${bar} ${done}/${this.#total}`);
  }

  /** Leaves the line empty, for what comes next. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
