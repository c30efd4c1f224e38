import { TemplateError } from './engine.ts';

/** Handlebars' own errors in one line: its parser draws a picture, its runtime appends the place. */
function templateError(name: string, error: unknown): TemplateError {
  if (error instanceof TemplateError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const parsing = /^(?:Parse|Lexical) error on line (\d+)[^\n]*\n(.*)/.exec(text);
  if (parsing) return new TemplateError(`${name}:${parsing[1]}: no Handlebars, near ${JSON.stringify(parsing[2])}`);
  const [, said = text, place] = /^([\s\S]*?) - (\d+:\d+)$/.exec(text) ?? [];
  // Both of these quote the value, which may be a password.
  const [, field] = /^Cannot use 'in' operator to search for '(.*?)' in /.exec(said) ?? [];
  if (field !== undefined) return new TemplateError(`${name}: "${field}" not defined in a text or number`);
  const unknown = /unknown helper (\S+)$/.exec(said);
  const what = unknown ? `there is no function ${unknown[1]}` : said.replace(/(?<=" not defined) in [\s\S]*$/, ' here');
  return new TemplateError(`${name}:${place === undefined ? '' : `${place}:`} ${what}`, { cause: error });
}

/** What only a template of confd's own would say. */
const GO = /\{\{(?:- |-?\s*(?:range|end|define|template|block|if|with|\$\w+ ?:?=)(?!\w)|\.\w)/;

/** The outcome of `work` on the template `name`; what is thrown becomes a TemplateError that names it. */
export function told<T>(name: string, text: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const told = templateError(name, error);
    if (told === error || !GO.test(text)) throw told;
    throw new TemplateError(`${told.message}; it looks like a template of Go's: here they are Handlebars`, {
      cause: error,
    });
  }
}
