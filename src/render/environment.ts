import Handlebars from 'handlebars';
import { type Block, makeBlock } from './bundle.ts';
import { guarded } from './guard.ts';
import { HELPERS } from './helpers.ts';

/** Template text by stem: `bird`, `peer`, … as they stand in one folder under templates/. */
export type TemplateTexts = ReadonlyMap<string, string>;

/** What a template is rendered from: plain own data, every field stated, null for absent. */
export type View = Readonly<Record<string, unknown>>;

/** Stands in the text for a block until the file is cut up; NUL can come from neither a template nor a view (see guard.ts). */
const MARK = '\0';

/** How every template is compiled. */
export const COMPILE_OPTIONS = {
  noEscape: true, // BIRD is not HTML
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries([...Object.keys(HELPERS), 'block'].map((name) => [name, true])),
  preventIndent: true,
};

/**
 * An isolated Handlebars over one folder of templates. A template cuts its file into blocks with `{{block "peer" this}}`: the
 * partial's text is remembered by the view's identity, so that thousands of unchanged peers cost no rendering and no tokenizing.
 */
export class Environment {
  readonly #handlebars = Handlebars.create();
  readonly #compiled = new Map<string, HandlebarsTemplateDelegate>();
  readonly #blocks = new Map<string, WeakMap<object, Block>>();
  /** The text between blocks, as it was last time: it seldom changes either. */
  readonly #between = new Map<string, Block>();
  #collected: Block[] = [];

  constructor(templates: TemplateTexts) {
    this.#handlebars.registerHelper(HELPERS);
    this.#handlebars.registerHelper('block', (partial: string, view: View) => {
      this.#collected.push(this.#block(partial, view));
      return MARK;
    });
    for (const [name, text] of templates) {
      const template = this.#handlebars.compile(text, COMPILE_OPTIONS);
      this.#compiled.set(name, template);
      this.#handlebars.registerPartial(name, template);
    }
  }

  /** The file that template `name` makes of `view`, as blocks in order. Throws on a bug in a template or view, never on data. */
  render(name: string, view: View & { readonly origins: readonly string[] }): readonly Block[] {
    const outer = this.#collected;
    this.#collected = [];
    try {
      const texts = this.#template(name)(guarded(view)).split(MARK);
      return texts.flatMap((text, i) => {
        const block = this.#collected[i];
        const before = text === '' ? [] : [this.#textBetween(`${name} ${i}`, text, view.origins)];
        return block ? [...before, block] : before;
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

  #block(partial: string, view: View): Block {
    const blocks = this.#blocks.get(partial) ?? new WeakMap<object, Block>();
    this.#blocks.set(partial, blocks);
    const known = blocks.get(view);
    if (known) return known;
    const { origins } = view;
    const text = this.#template(partial)(view);
    if (text.includes(MARK)) throw new Error(`bug: ${partial}.hbs cuts a block out of a block`);
    const block = makeBlock(text, Array.isArray(origins) ? [...origins] : []);
    blocks.set(view, block);
    return block;
  }

  #textBetween(place: string, text: string, origins: readonly string[]): Block {
    const known = this.#between.get(place);
    if (known?.text === text && known.origins.join() === origins.join()) return known;
    const block = makeBlock(text, origins);
    this.#between.set(place, block);
    return block;
  }
}

const environments = new WeakMap<TemplateTexts, Environment>();

/** The one Environment of these texts: what is rendered for many nodes compiles them once. */
export function environmentOf(templates: TemplateTexts): Environment {
  const known = environments.get(templates) ?? new Environment(templates);
  environments.set(templates, known);
  return known;
}
