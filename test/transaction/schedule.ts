/** What an effect of the world may come to, by name; the first is that all is well. */
type Options = readonly [string, ...string[]];

interface Taken {
  readonly options: Options;
  readonly index: number;
}

/**
 * One run's luck: at every choice it takes what the run before it left to be tried. With `explore` every sequence of choices is run once
 * in which at most `faults` are not the first option.
 */
export class Schedule {
  readonly #prefix: readonly number[];
  readonly taken: Taken[] = [];
  #faults: number;

  constructor(prefix: readonly number[], faults: number) {
    this.#prefix = prefix;
    this.#faults = faults;
  }

  choose(...options: Options): string {
    const index = this.#prefix[this.taken.length] ?? 0;
    if (index > 0) this.#faults--;
    this.taken.push({ options: this.#faults > 0 || index > 0 ? options : [options[0]], index });
    return options[index] ?? options[0];
  }

  /** No fault is left: from here on all is well. */
  end(): void {
    this.#faults = 0;
  }

  /** The choices that went wrong, for people. */
  get story(): string {
    return this.taken
      .map(({ options, index }, i) => (index > 0 ? `${i}:${options[index]}` : ''))
      .join(' ')
      .trim();
  }
}

/** Runs `run` with every schedule of at most `faults` faults; resolves with how many there were. */
export async function explore(faults: number, run: (schedule: Schedule) => Promise<void>): Promise<number> {
  let count = 0;
  const todo: number[][] = [[]];
  for (let prefix = todo.pop(); prefix; prefix = todo.pop()) {
    const schedule = new Schedule(prefix, faults);
    await run(schedule);
    count++;
    const chosen = schedule.taken.map(({ index }) => index);
    for (let i = prefix.length; i < schedule.taken.length; i++) {
      for (let other = 1; other < (schedule.taken[i]?.options.length ?? 0); other++)
        todo.push([...chosen.slice(0, i), other]);
    }
  }
  return count;
}
