import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that no log, JSON, template literal or inspector can print; only `reveal` gives it out, to the `quote` helper. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
