import Handlebars from 'handlebars';
import { byBytes } from '../core/order.ts';

/** The helpers that `{{…}}`, and a field of a block's parameter, go through; no template can name them. */
export const PRINT = '(print)';
export const FIELD = '(field)';

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

/** Not `@x`, `../x` or `this.x`. */
const isSimple = ({ data, depth, original }: hbs.AST.PathExpression): boolean =>
  !data && depth === 0 && !/^(?:\.|this\b)/.test(original);

const named = (name: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression & { readonly strict: boolean } => ({
  ...{ type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc, strict: false },
});

/**
 * Makes a program strict everywhere: Handlebars is so with what is printed, and lax with arguments and with fields of block parameters. Sends
 * what is printed through PRINT, and keeps `@index` from being the function `index`.
 */
class Strict extends Handlebars.Visitor {
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
    const isCall = isPath(path) && (params.length > 0 || hash || this.#isFunction(path));
    const value = isCall ? { type: 'SubExpression', path, params, hash, loc } : path;
    if (isCall) params.forEach(this.#strictly);
    else this.#strictly(path);
    Object.assign(mustache, { path: named(PRINT, loc), params: [value], hash: undefined });
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    super.BlockStatement(block);
    block.params.forEach(this.#strictly);
  }

  override SubExpression(call: hbs.AST.SubExpression): void {
    super.SubExpression(call);
    call.params.forEach(this.#strictly);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    super.PartialStatement(partial);
    partial.params.forEach(this.#strictly);
  }

  override Hash(hash: hbs.AST.Hash): void {
    super.Hash(hash);
    for (const { value } of hash.pairs) this.#strictly(value);
  }

  #strictly = (node: hbs.AST.Node): void => {
    if (!isPath(node) || node.data || node.parts.length === 0) return;
    const [first = '', ...fields] = node.parts;
    if (!this.#isParameter(node, first)) Object.assign(node, { strict: true });
    else if (fields.length > 0) {
      const { loc } = node;
      const names = fields.map((name) => ({ type: 'StringLiteral', value: name, original: name, loc }));
      const call = { type: 'SubExpression', path: named(FIELD, loc), params: [named(first, loc), ...names] };
      Object.assign(node, call, { hash: undefined });
    }
  };

  #isParameter(path: hbs.AST.PathExpression, name: string): boolean {
    return isSimple(path) && this.#blockParams.includes(name);
  }

  #isFunction(path: hbs.AST.PathExpression): boolean {
    const [name = '', ...more] = path.parts;
    return isSimple(path) && more.length === 0 && this.#functions.has(name) && !this.#blockParams.includes(name);
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

/** The program as it is compiled, in place of the one that is given: a field that is not there is an error wherever it stands. */
export function strictly(program: hbs.AST.Program, functions: ReadonlySet<string>): hbs.AST.Program {
  new Strict(functions).accept(program);
  return program;
}
