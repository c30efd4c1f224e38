import { isWord } from '../bird/syntax.ts';
import type { View } from './environment.ts';

/** Begins the words that stand in a form for values. None of them ends as another begins, wherever they meet. */
const STAND_IN = 'form:/:';
const standIn = (index: number): string => `${STAND_IN}${index}.`;
const STAND_INS = new RegExp(`${STAND_IN}(\\d+)\\.`);

/** What a view is compared by in place of a value that is only printed: any word will do, and any list of as many. */
const WORD = Symbol('a word');
const EMPTY = Symbol('an empty list');

/** Where a value stands that is only printed: a field, or an item of the list that the field is. */
interface Slot {
  readonly field: string;
  readonly item: number | null;
}

/** A text with a hole for each slot: pieces and holes take turns. */
interface Form {
  readonly pieces: readonly string[];
  readonly slots: readonly Slot[];
}

/** Views that differ in nothing but what is printed, behind the first of them. */
interface Alike {
  readonly compared: readonly unknown[];
  readonly view: View;
  readonly text: string;
  /** Null: there is none; undefined: nobody has asked. */
  form: Form | null | undefined;
  /** Those that are the same as this one up to a field: by its index and what they have there. */
  readonly others: Map<number, Map<unknown, Alike>>;
}

const isPlain = (value: unknown): boolean => typeof value === 'number' || (typeof value === 'string' && isWord(value));

const valueAt = (view: View, { field, item }: Slot): unknown =>
  item === null ? view[field] : (view[field] as readonly unknown[])[item];

/** Joined, not added up: what is kept by the thousands should be one flat string. */
function filled({ pieces, slots }: Form, view: View): string {
  const texts: unknown[] = [...pieces];
  for (let i = 0; i < slots.length; i++) texts[2 * i + 1] = valueAt(view, slots[i]!);
  return texts.join('');
}

/**
 * Renders the views of one partial; of those that differ only in what the templates do nothing with but print it (printed-fields.ts), such as
 * the sessions of a mesh, just the first, and once with stand-ins for these values: the text of each other one is put together. The text of
 * every view is the one that `render` gives, and so are its errors. To be let go with the views: it knows them all.
 */
export class Forms {
  readonly #render: (view: View) => string;
  readonly #isPrinted: (field: string) => boolean;
  #fields: readonly string[] = [];
  #printed: readonly boolean[] = [];
  #first: Alike | null = null;
  /** What lists of a length are compared by. */
  readonly #lists: symbol[] = [];

  constructor(render: (view: View) => string, isPrinted: (field: string) => boolean) {
    this.#render = render;
    this.#isPrinted = isPrinted;
  }

  textOf(view: View): string {
    const alike = this.#alike(view);
    if (alike.view === view) return alike.text;
    if (alike.form === undefined) alike.form = this.#formOf(alike);
    return alike.form ? filled(alike.form, view) : this.#render(view);
  }

  /** The views like this one, which may be the first of them. One walk over the fields, however many others there are. */
  #alike(view: View): Alike {
    if (!this.#first || Object.keys(view).length !== this.#fields.length) return this.#beginAnew(view);
    let found = this.#first;
    for (let i = 0; i < this.#fields.length; i++) {
      const value = view[this.#fields[i]!];
      if (value === undefined) return this.#beginAnew(view);
      if (value === found.compared[i]) continue;
      const comparedBy = this.#comparedBy(value, i);
      if (comparedBy === found.compared[i]) continue;
      const others: Map<unknown, Alike> = found.others.get(i) ?? new Map();
      found.others.set(i, others);
      const other = others.get(comparedBy);
      if (!other) {
        const first = this.#begin(view);
        others.set(comparedBy, first);
        return first;
      }
      found = other;
    }
    return found;
  }

  #begin(view: View): Alike {
    const compared = this.#fields.map((field, i) => this.#comparedBy(view[field], i));
    return { compared, view, text: this.#render(view), form: undefined, others: new Map() };
  }

  /** A view that has other fields than those before it is compared with none of them. */
  #beginAnew(view: View): Alike {
    this.#fields = Object.keys(view);
    this.#printed = this.#fields.map(this.#isPrinted);
    this.#first = this.#begin(view);
    return this.#first;
  }

  /** What is empty or 0 may stand in an `{{#if}}`, and what is no word is for the guard to refuse. */
  #comparedBy(value: unknown, field: number): unknown {
    const isPrinted = this.#printed[field] === true;
    if (!Array.isArray(value)) return isPrinted && value && isPlain(value) ? WORD : value;
    if (value.length === 0) return EMPTY;
    if (!isPrinted || !value.every(isPlain)) return value;
    this.#lists[value.length] ??= Symbol('a list of words');
    return this.#lists[value.length];
  }

  /** Null where what comes out is not, for the view that it is made of, the very text. */
  #formOf({ view, compared, text }: Alike): Form | null {
    if (text.includes(STAND_IN)) return null;
    const slots: Slot[] = [];
    const standInFor = (slot: Slot) => standIn(slots.push(slot) - 1);
    const stoodFor = this.#fields.map((field, i) => {
      const value = view[field];
      if (compared[i] === WORD) return [field, standInFor({ field, item: null })];
      const isWritten = Array.isArray(value) && compared[i] === this.#lists[value.length];
      return [field, isWritten ? value.map((_, item) => standInFor({ field, item })) : value];
    });
    const pieces = this.#rendered(Object.fromEntries(stoodFor)).split(STAND_INS);
    const used = pieces.filter((_, i) => i % 2 === 1).map((index) => slots[Number(index)]);
    const form = { pieces, slots: used.filter((slot) => slot !== undefined) };
    return form.slots.length === used.length && filled(form, view) === text ? form : null;
  }

  /** The empty text where a template has no use for stand-ins. */
  #rendered(view: View): string {
    try {
      return this.#render(view);
    } catch {
      return '';
    }
  }
}
