import { Runs } from '../core/runs.ts';
import { Block, type BlockRun, makeRun, type Section } from './bundle.ts';
import { COMPILE_OPTIONS } from './compile-options.ts';
import { handlebarsFor } from './compiler.ts';
import { Forms } from './forms.ts';
import { guarded, unguarded } from './guard.ts';
import { HELPERS } from './helpers.ts';
import { PRECOMPILED } from './precompiled.ts';
import { printedFields } from './printed-fields.ts';

/** Template text by stem: `bird`, `peer`, … as they stand in one folder under templates/. */
export type TemplateTexts = ReadonlyMap<string, string>;

/** What a template is rendered from: plain own data, every field stated, null for absent. */
export type View = Readonly<Record<string, unknown>>;

/** What a partial made, and of what: of views, and of runs of them. */
interface List {
  readonly blocks: WeakMap<View, Block>;
  readonly cutter: Runs<View>;
  readonly runs: WeakMap<readonly View[], BlockRun>;
  readonly isPrinted: (field: string) => boolean;
}

/** Stands in the text for a block until the file is cut up; NUL can come from neither a template nor a view (see guard.ts). */
const MARK = '\0';

/**
 * An isolated Handlebars over one folder of templates. A template cuts its file into blocks with `{{block "aggr" aggr}}`, and with
 * `{{blocks "peer" peers}}` one for each of a list: the partial's text is remembered by the view's identity, so that thousands of
 * unchanged peers cost no rendering and no tokenizing, and thousands of new ones are rendered in forms (forms.ts).
 */
export class Environment {
  readonly #handlebars: ReturnType<typeof handlebarsFor>;
  readonly #texts: TemplateTexts;
  readonly #compiled = new Map<string, HandlebarsTemplateDelegate>();
  /** By partial. */
  readonly #lists = new Map<string, List>();
  /** What stood at a place of a file last time: between the lists of blocks little changes, and it need not be read again either. */
  readonly #placed = new Map<string, readonly Block[]>();
  #collected: (readonly Section[])[] = [];

  constructor(templates: TemplateTexts) {
    this.#texts = templates;
    this.#handlebars = handlebarsFor(templates.values()).create();
    this.#handlebars.registerHelper(HELPERS);
    this.#handlebars.registerHelper('block', (partial: string, view: View) =>
      this.#collect([this.#block(partial, unguarded(view), (one) => this.#text(partial, one))]),
    );
    this.#handlebars.registerHelper('blocks', (partial: string, views: readonly View[]) =>
      // Past the guard, which would be asked thousands of times for views that are known.
      this.#collect(this.#sections(partial, unguarded(views))),
    );
    for (const [name, text] of templates) {
      const ready = PRECOMPILED.get(text);
      const template = ready ? this.#handlebars.template(ready) : this.#handlebars.compile(text, COMPILE_OPTIONS);
      this.#compiled.set(name, template);
      this.#handlebars.registerPartial(name, template);
    }
  }

  /** The file that template `name` makes of `view`, in order. Throws on a bug in a template or view, never on data. */
  render(name: string, view: View & { readonly origins: readonly string[] }): readonly Section[] {
    const outer = this.#collected;
    this.#collected = [];
    try {
      const texts = this.#template(name)(guarded(view)).split(MARK);
      return texts.flatMap((text, i) => {
        const before = text === '' ? [] : [this.#asBefore(`${name} ${i}`, new Block(text, view.origins))];
        const sections = this.#collected[i] ?? [];
        const [one] = sections;
        if (!one || sections.length > 1 || 'parts' in one) return [...before, ...sections];
        return [...before, this.#asBefore(`${name} ${i} block`, one)];
      });
    } finally {
      this.#collected = outer;
    }
  }

  #template(name: string): HandlebarsTemplateDelegate {
    const template = this.#compiled.get(name);
    if (!template) throw new Error(`the templates have no file ${name}.hbs`);
    return template;
  }

  #collect(sections: readonly Section[]): string {
    this.#collected.push(sections);
    return MARK;
  }

  #list(partial: string): List {
    const known = this.#lists.get(partial);
    if (known) return known;
    const isPrinted = printedFields(this.#texts, partial);
    const list = { blocks: new WeakMap(), cutter: new Runs<View>(), runs: new WeakMap(), isPrinted };
    this.#lists.set(partial, list);
    return list;
  }

  #sections(partial: string, views: readonly View[]): readonly Section[] {
    const { cutter, runs, isPrinted } = this.#list(partial);
    // Only for this once: what is kept of a view, a password above all, should be let go with it.
    const forms = new Forms((view) => this.#text(partial, view), isPrinted);
    return cutter.cut(views).map((run) => {
      const made = runs.get(run) ?? makeRun(run.map((view) => this.#block(partial, view, (one) => forms.textOf(one))));
      runs.set(run, made);
      return made;
    });
  }

  #text(partial: string, view: View): string {
    const text = this.#template(partial)(guarded(view));
    if (text.includes(MARK)) throw new Error(`bug: ${partial}.hbs cuts a block out of a block`);
    return text;
  }

  #block(partial: string, view: View, textOf: (view: View) => string): Block {
    const { blocks } = this.#list(partial);
    const known = blocks.get(view);
    if (known) return known;
    const { origins } = view;
    const block = new Block(textOf(view), Array.isArray(origins) ? origins : []);
    blocks.set(view, block);
    return block;
  }

  /** The block that stood there last time, if it says the same. Two are remembered: one environment serves both families. */
  #asBefore(place: string, block: Block): Block {
    const known = this.#placed.get(place) ?? [];
    const isSame = ({ text, origins }: Block) => text === block.text && origins.join() === block.origins.join();
    const found = known.find(isSame) ?? block;
    this.#placed.set(place, [found, ...known.filter((other) => other !== found)].slice(0, 2));
    return found;
  }
}

const environments = new WeakMap<TemplateTexts, Environment>();

/** The one Environment of these texts: what is rendered for many nodes compiles them once. */
export function environmentOf(templates: TemplateTexts): Environment {
  const known = environments.get(templates) ?? new Environment(templates);
  environments.set(templates, known);
  return known;
}
