import Handlebars from 'handlebars';
import { byBytes } from '../core/order.ts';
import { type CompiledTemplate, type TemplateEngine, TemplateError, type TemplateSource } from './engine.ts';
import type { FunctionTable, TemplateFunction } from './functions/key-value.ts';
import { told } from './handlebars-fault.ts';
import { FIELD, PRINT, parseSource, strictly } from './handlebars-source.ts';

interface CallOptions {
  readonly hash: Readonly<Record<string, unknown>>;
  readonly loc?: { readonly source?: string; readonly start: { readonly line: number; readonly column: number } };
  readonly fn?: unknown;
}

const placeOf = (name: string, { loc }: CallOptions): string =>
  loc ? `${loc.source ?? name}:${loc.start.line}:${loc.start.column}:` : `${name}:`;

/** Only texts, numbers and truth have one obvious form: `[object Object]` in a file of somebody's would be a silent fault. */
function printed(value: unknown, options: CallOptions): string {
  // As a text: two numbers side by side would be added.
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  const [what, how] = Array.isArray(value)
    ? ['a list', 'join it, or {{#each}} it']
    : ['an object', 'name one of its fields'];
  throw new TemplateError(`${placeOf('template', options)} ${what} cannot be printed: ${how}`);
}

/** A field of a block's parameter, and its fields. */
function fieldOf(value: unknown, ...given: readonly unknown[]): unknown {
  return given.slice(0, -1).reduce((within: unknown, name) => {
    if (typeof within === 'object' && within !== null && Object.hasOwn(within, String(name)))
      return (within as Readonly<Record<string, unknown>>)[String(name)];
    throw new TemplateError(`${placeOf('template', given.at(-1) as CallOptions)} "${name}" not defined here`);
  }, value);
}

/** A function as Handlebars calls it: the last argument is its own. What is thrown gets the place of the call. */
const helperOf =
  (name: string, key: string, run: TemplateFunction) =>
  (...given: readonly unknown[]): unknown => {
    const options = given.at(-1) as CallOptions;
    const { hash, fn } = options;
    const place = placeOf(name, options);
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
function each(this: unknown, context: unknown, options: Handlebars.HelperOptions & CallOptions): string {
  const isList = Array.isArray(context);
  const isObject = typeof context === 'object' && context !== null;
  if (!isObject && context !== null && context !== undefined)
    throw new TemplateError(
      `${placeOf('template', options)} a text or number cannot be gone through: split it, or read it with jsonArray`,
    );
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
    return told(name, text, () => parseSource(name, text).includes);
  },
  compile({ name, text, partials }: TemplateSource, functions): CompiledTemplate {
    const handlebars = Handlebars.create();
    const known = Object.fromEntries([...functions, ...BUILT_IN, PRINT, FIELD].map((key) => [key, true]));
    const options = { noEscape: true, strict: true, knownHelpersOnly: true, knownHelpers: known };
    handlebars.registerHelper('each', each);
    handlebars.registerHelper(PRINT, printed);
    handlebars.registerHelper(FIELD, fieldOf);
    handlebars.unregisterHelper('log');
    const compiled = (part: string, source: string) =>
      told(part, source, () => {
        const program = strictly(parseSource(part, source).program, functions);
        // Compiling is put off until the first rendering, and would show its faults only then.
        handlebars.precompile(program, options);
        return handlebars.compile(program, options);
      });
    for (const [partial, source] of partials) {
      const render = compiled(partial, source);
      handlebars.registerPartial(partial, (context, more) => told(partial, source, () => render(context, more)));
    }
    const template = compiled(name, text);
    return {
      render: (table: FunctionTable, data) => {
        const helpers = Object.fromEntries(Object.entries(table).map(([key, run]) => [key, helperOf(name, key, run)]));
        return told(name, text, () => template(data, { helpers }));
      },
    };
  },
};
