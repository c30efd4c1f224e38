import Handlebars from 'handlebars';
import { byBytes } from '../core/order.ts';
import { type CompiledTemplate, type TemplateEngine, TemplateError, type TemplateSource } from './engine.ts';
import type { FunctionTable, TemplateFunction } from './functions/key-value.ts';

class Includes extends Handlebars.Visitor {
  readonly names = new Set<string>();

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    if ('original' in partial.name) this.names.add(String(partial.name.original));
    super.PartialStatement(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    if ('original' in partial.name && partial.name.original !== '@partial-block')
      this.names.add(String(partial.name.original));
    super.PartialBlockStatement(partial);
  }
}

/** Handlebars' own errors in one line: its parser draws a picture, its runtime appends the place. */
function templateError(name: string, error: unknown): TemplateError {
  if (error instanceof TemplateError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const parsing = /^(?:Parse|Lexical) error on line (\d+)[^\n]*\n(.*)/.exec(text);
  if (parsing) return new TemplateError(`${name}:${parsing[1]}: no Handlebars, near ${JSON.stringify(parsing[2])}`);
  const [, said = text, place] = /^([\s\S]*?) - (\d+:\d+)$/.exec(text) ?? [];
  const unknown = /unknown helper (\S+)$/.exec(said);
  const what = unknown ? `there is no function ${unknown[1]}` : said.replace(/ in \[object Object\]$/, ' here');
  return new TemplateError(`${name}:${place === undefined ? '' : `${place}:`} ${what}`, { cause: error });
}

interface CallOptions {
  readonly hash: Readonly<Record<string, unknown>>;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
  readonly fn?: unknown;
}

/** A function as Handlebars calls it: the last argument is its own. What is thrown gets the place of the call. */
const helperOf =
  (name: string, key: string, run: TemplateFunction) =>
  (...given: readonly unknown[]): unknown => {
    const { hash, loc, fn } = given.at(-1) as CallOptions;
    const place = loc ? `${name}:${loc.start.line}:${loc.start.column}:` : `${name}:`;
    if (fn) throw new TemplateError(`${place} ${key} is a function and opens no block: write {{#each (${key} …)}}`);
    if (Object.keys(hash).length > 0) throw new TemplateError(`${place} ${key} takes no named arguments`);
    try {
      return run(...given.slice(0, -1));
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(`${place} ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };

/** Objects in the order of their keys, as Go's range; JavaScript would put those that look like numbers first. */
function each(this: unknown, context: unknown, options: Handlebars.HelperOptions): string {
  const isList = Array.isArray(context);
  const isObject = typeof context === 'object' && context !== null;
  const keys: readonly (string | number)[] = isList
    ? [...context.keys()]
    : isObject
      ? Object.keys(context).sort(byBytes)
      : [];
  if (keys.length === 0) return options.inverse(this);
  const values = context as Readonly<Record<string | number, unknown>>;
  return keys
    .map((key, index) => {
      const at = { key, index, first: index === 0, last: index === keys.length - 1 };
      const data = Object.assign(Handlebars.createFrame(options.data ?? {}), at);
      return options.fn(values[key], { data, blockParams: [values[key], key] });
    })
    .join('');
}

const BUILT_IN = ['if', 'unless', 'each', 'with', 'lookup', 'log'];

/** Handlebars, isolated: nothing is escaped, and what is missing is an error wherever it is printed or passed on (architecture 7). */
export const handlebarsEngine: TemplateEngine = {
  includes(name, text) {
    try {
      const includes = new Includes();
      includes.accept(Handlebars.parse(text));
      return [...includes.names].sort(byBytes);
    } catch (error) {
      throw templateError(name, error);
    }
  },
  compile({ name, text, partials }: TemplateSource, functions): CompiledTemplate {
    const handlebars = Handlebars.create();
    const known = Object.fromEntries([...functions, ...BUILT_IN].map((key) => [key, true]));
    const options = { noEscape: true, strict: true, knownHelpersOnly: true, knownHelpers: known };
    handlebars.registerHelper('each', each);
    handlebars.unregisterHelper('log');
    for (const [partial, source] of partials) handlebars.registerPartial(partial, handlebars.compile(source, options));
    try {
      // Compiling is put off until the first rendering, and would show its faults only then.
      for (const [partial, source] of partials) {
        try {
          handlebars.precompile(source, options);
        } catch (error) {
          throw templateError(partial, error);
        }
      }
      handlebars.precompile(text, options);
    } catch (error) {
      throw templateError(name, error);
    }
    const template = handlebars.compile(text, options);
    return {
      render: (table: FunctionTable, data) => {
        const helpers = Object.fromEntries(Object.entries(table).map(([key, run]) => [key, helperOf(name, key, run)]));
        try {
          return template(data, { helpers });
        } catch (error) {
          throw templateError(name, error);
        }
      },
    };
  },
};
