import type { FunctionTable } from './functions/key-value.ts';

/** A template and what it may name. */
export interface TemplateSource {
  /** Stands in messages: the file's name under `templates/`. */
  readonly name: string;
  readonly text: string;
  /** The texts of the templates that it includes, at any depth, by the names that it uses. */
  readonly partials: ReadonlyMap<string, string>;
}

/** A template that can be rendered any number of times. */
export interface CompiledTemplate {
  /** The text. Throws a TemplateError for what is missing, and for what a function refuses. */
  render(functions: FunctionTable, data: Readonly<Record<string, unknown>>): string;
}

/** What templates are written in. Functions and data are the same for every engine. */
export interface TemplateEngine {
  /** The names of other templates that a text includes. Throws a TemplateError for a text that is no template. */
  includes(name: string, text: string): readonly string[];
  /** Throws a TemplateError where the text is no template, or names a function that is not among `functions`. */
  compile(source: TemplateSource, functions: ReadonlySet<string>): CompiledTemplate;
}

/** What is wrong with a template or with what it finds in the data; `message` begins with `name:line:column`. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
