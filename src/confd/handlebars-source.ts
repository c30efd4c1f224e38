import Handlebars from 'handlebars';
import { byBytes } from '../core/order.ts';

/** The helper that `{{…}}` goes through; no template can name it. */
export const PRINT = '(print)';

/** A template as Handlebars compiles it. */
export interface ParsedSource {
  /** Every place in it knows the template's name. */
  readonly program: hbs.AST.Program;
  /** The other templates that it includes, sorted; what it defines by `{{#*inline}}` is none. */
  readonly includes: readonly string[];
}

const textOf = (node: object): string => ('original' in node ? String(node.original) : '');

class Includes extends Handlebars.Visitor {
  readonly names = new Set<string>();
  readonly own = new Set<string>(['@partial-block', '']);

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.names.add(textOf(partial.name));
    super.PartialStatement(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.names.add(textOf(partial.name));
    super.PartialBlockStatement(partial);
  }

  override DecoratorBlock(block: hbs.AST.DecoratorBlock): void {
    if (block.params[0]) this.own.add(textOf(block.params[0]));
    super.DecoratorBlock(block);
  }
}

const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression => node.type === 'PathExpression';

/** Sends everything that is printed through PRINT, and keeps Handlebars from taking `@index` for the function `index`. */
class Printing extends Handlebars.Visitor {
  readonly #functions: ReadonlySet<string>;
  #blockParams: readonly string[] = [];

  constructor(functions: ReadonlySet<string>) {
    super();
    this.#functions = functions;
  }

  override Program(program: hbs.AST.Program): void {
    const outer = this.#blockParams;
    this.#blockParams = [...outer, ...(program.blockParams ?? [])];
    super.Program(program);
    this.#blockParams = outer;
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    super.MustacheStatement(mustache);
    const { path, params, hash, loc } = mustache;
    const call: hbs.AST.SubExpression | null =
      isPath(path) && (params.length > 0 || hash || this.#isFunction(path))
        ? { type: 'SubExpression', path, params, hash, loc }
        : null;
    // Handlebars is strict with what is printed, and lax with arguments.
    if (!call && isPath(path) && !path.data) Object.assign(path, { strict: true });
    const print = { type: 'PathExpression', data: false, depth: 0, parts: [PRINT], original: PRINT, loc };
    Object.assign(mustache, { path: print, params: [call ?? path], hash: undefined });
  }

  #isFunction({ data, depth, parts, original }: hbs.AST.PathExpression): boolean {
    const [name = ''] = parts;
    const isSimple = !data && depth === 0 && parts.length === 1 && !/^(?:\.|this\b)/.test(original);
    return isSimple && this.#functions.has(name) && !this.#blockParams.includes(name);
  }
}

/** Throws Handlebars' own error for a text that is no template. */
export function parseSource(name: string, text: string): ParsedSource {
  const program = Handlebars.parse(text, { srcName: name });
  const includes = new Includes();
  includes.accept(program);
  const names = [...includes.names].filter((one) => !includes.own.has(one));
  return { program, includes: names.sort(byBytes) };
}

/** The program as it is compiled, in place of the one that is given. */
export function printing(program: hbs.AST.Program, functions: ReadonlySet<string>): hbs.AST.Program {
  new Printing(functions).accept(program);
  return program;
}
