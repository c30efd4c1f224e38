/** A key as templates see it. The names are confd's: `{{#each (gets "/a/*")}}{{Key}}={{Value}}{{/each}}`. */
export interface KeyValue {
  readonly Key: string;
  readonly Value: string;
}

/** What is wrong with how a template calls a function, or with what it finds: it names the function, and fails the rendering. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

/** Any function of templates: the same for every engine. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;
export type FunctionTable = Readonly<Record<string, TemplateFunction>>;
