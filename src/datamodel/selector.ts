import { show } from '../core/diagnostic.ts';
import { type Field, INVALID } from './field.ts';

/** The labels that a selector is matched against. */
export type Labels = ReadonlyMap<string, string>;

/** A parsed selector: a predicate over labels. Pure; the text it came from is kept for messages. */
export interface Selector {
  readonly text: string;
  matches(labels: Labels): boolean;
}

/** Why a text is no selector, and where: `position` counts characters from 0. */
export class SelectorError extends Error {
  readonly position: number;

  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

type Test = (labels: Labels) => boolean;

const LABEL = /[A-Za-z0-9_./-]{1,512}/y;
const BLANK = /[ \t]*/y;
const STRING = /'[^']*'|"[^"]*"/y;
/** Parentheses and negations nest by recursion: a bound keeps hostile depth from ending the stack. */
const MAX_DEPTH = 100;

/** Reads one selector from left to right; each method takes what it names, or throws a SelectorError where it stands. */
class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Test {
    const test = this.#or();
    if (this.#at < this.#text.length) this.#fail('the end, && or ||');
    return test;
  }

  #or(): Test {
    const tests = [this.#and()];
    while (this.#take('||')) tests.push(this.#and());
    return tests.length === 1 ? tests[0]! : (labels) => tests.some((test) => test(labels));
  }

  #and(): Test {
    const tests = [this.#not()];
    while (this.#take('&&')) tests.push(this.#not());
    return tests.length === 1 ? tests[0]! : (labels) => tests.every((test) => test(labels));
  }

  #not(): Test {
    if (++this.#depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} levels of ! and (`);
    const test = this.#take('!') ? this.#negated() : this.#take('(') ? this.#group() : this.#operand();
    this.#depth--;
    return test;
  }

  #negated(): Test {
    const test = this.#not();
    return (labels) => !test(labels);
  }

  #group(): Test {
    const test = this.#or();
    this.#expect(')');
    return test;
  }

  #operand(): Test {
    for (const name of ['all(', 'global(']) {
      if (!this.#take(name)) continue;
      this.#expect(')');
      return () => true;
    }
    if (this.#take('has(')) {
      const label = this.#label();
      this.#expect(')');
      return (labels) => labels.has(label);
    }
    return this.#comparison(this.#label());
  }

  /** An absent label is unequal to everything and in no set, and nothing else holds of it (spec calico-v3, appendix A). */
  #comparison(label: string): Test {
    const onText = (holds: (own: string, given: string) => boolean): Test => {
      const given = this.#string();
      return (labels) => {
        const own = labels.get(label);
        return own !== undefined && holds(own, given);
      };
    };
    const inSet = (): Test => {
      const set = this.#set();
      return (labels) => set.has(labels.get(label) ?? null);
    };
    const not =
      (test: Test): Test =>
      (labels) =>
        !test(labels);
    if (this.#take('==')) return onText((own, given) => own === given);
    if (this.#take('!=')) return not(onText((own, given) => own === given));
    if (this.#words('not', 'in') || this.#words('notin')) return not(inSet());
    if (this.#words('in')) return inSet();
    if (this.#words('contains')) return onText((own, given) => own.includes(given));
    if (this.#words('starts', 'with')) return onText((own, given) => own.startsWith(given));
    if (this.#words('ends', 'with')) return onText((own, given) => own.endsWith(given));
    return this.#fail('==, !=, in, not in, contains, starts with or ends with');
  }

  #set(): ReadonlySet<string | null> {
    this.#expect('{');
    const values = new Set<string | null>();
    while (!this.#take('}')) {
      values.add(this.#string());
      if (this.#take(',')) continue;
      this.#expect('}');
      break;
    }
    return values;
  }

  #string(): string {
    const quoted = this.#match(STRING);
    return quoted === null ? this.#fail('a string in single or double quotes') : quoted.slice(1, -1);
  }

  #label(): string {
    return this.#match(LABEL) ?? this.#fail('a label name of A-Z a-z 0-9 _ . / -');
  }

  /** Takes the words, with blanks between, if all of them follow. */
  #words(...words: readonly string[]): boolean {
    const start = this.#at;
    if (words.every((word) => this.#take(word))) return true;
    this.#at = start;
    return false;
  }

  #take(token: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    this.#skip();
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`"${token}"`);
  }

  #match(pattern: RegExp): string | null {
    this.#skip();
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) return null;
    this.#at += found.length;
    this.#skip();
    return found;
  }

  #skip(): void {
    BLANK.lastIndex = this.#at;
    BLANK.test(this.#text);
    this.#at = Math.max(this.#at, BLANK.lastIndex);
  }

  #fail(expected: string): never {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text.slice(this.#at, this.#at + 20)) : 'the end';
    throw new SelectorError(this.#at, `at character ${this.#at + 1}: expected ${expected}, found ${found}`);
  }
}

/** Parses a selector (spec calico-v3, appendix A); an empty one matches everything. Throws SelectorError with position and cause. */
export function parseSelector(text: string): Selector {
  if (/^[ \t]*$/.test(text)) return { text, matches: () => true };
  return { text, matches: new Parser(text).whole() };
}

const text = { type: 'string', expects: 'a selector' } as const;

/** A selector in a resource's field; the fault says at which character it ends to be one, and what was expected there. */
export const selector: Field<Selector> = {
  shape: text,
  decode: (value, faults) => {
    try {
      if (typeof value === 'string') return parseSelector(value);
      throw new SelectorError(0, `expected ${text.expects}, found ${show(value)}`);
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      faults.push({ severity: 'error', code: 'invalid-selector', path: [], message: error.message });
      return INVALID;
    }
  },
};
