import { byBytes, byBytesOf } from '../../core/order.ts';
import { Arguments } from './arguments.ts';
import { GO_TIME_LAYOUT, goTime, type Moment } from './go-time.ts';
import type { FunctionTable } from './key-value.ts';

/** What a template wants to know of the world, and only an effect can find out. */
export type Question =
  | { readonly kind: 'addresses'; readonly host: string }
  | { readonly kind: 'services'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** One SRV record, in the names that confd's templates use; `Target` ends in a dot. */
export interface ServiceRecord {
  readonly Target: string;
  readonly Port: number;
  readonly Priority: number;
  readonly Weight: number;
}

/** What was found out: nothing found is an empty list. */
export type Answer = readonly string[] | readonly ServiceRecord[] | boolean;

/**
 * The answers that are known, and the questions that were asked without one. A rendering with such questions is thrown away, and done again
 * with the answers (architecture 7).
 */
export class Outside {
  readonly #now: () => Moment;
  #moment: Moment | null = null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly #answers = new Map<string, Answer>();
  #open = new Map<string, Question>();
  #asked = false;

  constructor(now: () => Moment, environment: Readonly<Record<string, string | undefined>>) {
    this.#now = now;
    this.environment = environment;
  }

  /** Whether what was rendered depends on anything that can change by itself. */
  get wasAsked(): boolean {
    return this.#asked;
  }

  /** The same in all rounds. It is found out only when it is asked for: the name of a time zone is dear. */
  get moment(): Moment {
    this.#asked = true;
    this.#moment ??= this.#now();
    return this.#moment;
  }

  /** The answer, or null where it is not known yet. */
  ask(question: Question): Answer | null {
    this.#asked = true;
    const key = JSON.stringify(question);
    const known = this.#answers.get(key);
    if (known === undefined) this.#open.set(key, question);
    return known ?? null;
  }

  answer(question: Question, answer: Answer): void {
    this.#answers.set(JSON.stringify(question), answer);
  }

  /** The questions since it was called last, each once. */
  takeOpen(): readonly Question[] {
    const open = [...this.#open.values()];
    this.#open = new Map();
    return open;
  }
}

const SRV_ORDER = ({ Target, Port, Priority, Weight }: ServiceRecord): string => `${Target}${Port}${Priority}${Weight}`;

/** confd's functions that look beyond their arguments (spec confd, 1.3). A look-up that fails finds nothing, as in confd. */
export function outsideFunctions(outside: Outside): FunctionTable {
  const addresses = (name: string, given: readonly unknown[], isWanted: (address: string) => boolean) => {
    const host = new Arguments(name, given).count(1, 1).text(0);
    const found = (outside.ask({ kind: 'addresses', host }) ?? []) as readonly string[];
    return found.filter(isWanted).sort(byBytes);
  };
  return {
    lookupIP: (...given) => addresses('lookupIP', given, () => true),
    lookupIPV4: (...given) => addresses('lookupIPV4', given, (address) => !address.includes(':')),
    lookupIPV6: (...given) => addresses('lookupIPV6', given, (address) => address.includes(':')),
    lookupSRV: (...given) => {
      const args = new Arguments('lookupSRV', given).count(3, 3);
      const [service, proto, domain] = [args.text(0), args.text(1), args.text(2)];
      const name = service === '' && proto === '' ? domain : `_${service}._${proto}.${domain}`;
      const found = (outside.ask({ kind: 'services', name }) ?? []) as readonly ServiceRecord[];
      return [...found].sort(byBytesOf(SRV_ORDER));
    },
    fileExists: (...given) => {
      const path = new Arguments('fileExists', given).count(1, 1).text(0);
      return outside.ask({ kind: 'file', path }) === true;
    },
    getenv: (...given) => {
      const args = new Arguments('getenv', given).count(1, 2);
      return outside.environment[args.text(0)] || (args.has(1) ? args.text(1) : '');
    },
    datetime: (...given) => {
      const args = new Arguments('datetime', given).count(0, 1);
      return goTime(outside.moment, args.has(0) ? args.text(0) : GO_TIME_LAYOUT);
    },
  };
}
