import { isWord } from '../bird/syntax.ts';

/** A string of the data that is no plain word (an interface pattern, a path): only the `quote` helper can print it. */
export class BirdString {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  toString(): never {
    throw new Error('bug: the template prints a string without the quote helper');
  }
}

/** Whole statements that BIRD runs or has judged already: only the `verbatim` helper can print them. */
export class LiveText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): never {
    throw new Error('bug: the template prints live statements without the verbatim helper');
  }
}

const guards = new WeakMap<object, object>();
const guardedViews = new WeakMap<object, object>();

/** Handlebars looks for these on anything it iterates or calls. */
const PROBED = new Set(['length', 'constructor', 'toHTML', 'then']);

/**
 * What a view becomes where it meets a plain value: equal to none, as Handlebars asks in an `each` over words below `../`,
 * and not to be printed, for a symbol cannot be made text.
 */
const NO_TEXT = Symbol('an object or a list, which a template cannot print');
const toPrimitive = () => NO_TEXT;

function unknown(property: string): Error {
  return new Error(`bug: the template asks for "${property}", which the view does not have`);
}

function checked(property: string, value: unknown): unknown {
  if (typeof value === 'string' && !isWord(value)) {
    throw new Error(`bug: the view's field "${property}" holds text that is no plain word; make it a BirdString`);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value) ? guarded(value) : value;
}

/** One for all: there are thousands of views. */
const HANDLER: ProxyHandler<object> = {
  get(target, property, receiver) {
    if (property === Symbol.toPrimitive) return toPrimitive;
    if (typeof property === 'symbol') return Reflect.get(target, property, receiver);
    if (!Object.hasOwn(target, property)) {
      if (PROBED.has(property)) return undefined;
      throw unknown(property);
    }
    return checked(property, Reflect.get(target, property, receiver));
  },
  has(target, property) {
    if (Object.hasOwn(target, property) || typeof property === 'symbol') return Reflect.has(target, property);
    throw unknown(property);
  },
};

/**
 * Wraps a view so that a template can neither read a field that the view does not state (a spelling mistake in `{{#if}}` or
 * `{{#each}}` is otherwise silently false, at any depth), nor print text that could leave its place in the configuration.
 */
export function guarded<T extends object>(view: T): T {
  const known = guards.get(view);
  if (known) return known as T;
  const guard = new Proxy(view, HANDLER);
  guards.set(view, guard);
  guardedViews.set(guard, view);
  return guard as T;
}

/** What `guarded` wrapped; anything else as it is. */
export const unguarded = <T extends object>(view: T): T => (guardedViews.get(view) as T | undefined) ?? view;
