import type Handlebars from 'handlebars';
import { COMPILE_OPTIONS } from './compile-options.ts';

/** Why a text can be no template, and in which of its lines, from 1. */
export interface TemplateFault {
  readonly line: number;
  readonly message: string;
}

/** Another template that a text names: `{{> name}}` or `{{block "name" …}}`, `{{blocks "name" …}}`. */
interface Mention {
  readonly name: string;
  readonly line: number;
}

function mentionsIn(handlebars: typeof Handlebars, text: string): readonly Mention[] {
  const all: Mention[] = [];
  class Mentions extends handlebars.Visitor {
    override PartialStatement(partial: hbs.AST.PartialStatement): void {
      const { name, loc } = partial;
      if ('original' in name) all.push({ name: String(name.original), line: loc.start.line });
      super.PartialStatement(partial);
    }

    override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
      const { path, params, loc } = mustache;
      const [name] = params;
      if (
        'original' in path &&
        (path.original === 'block' || path.original === 'blocks') &&
        name?.type === 'StringLiteral'
      ) {
        all.push({ name: (name as hbs.AST.StringLiteral).value, line: loc.start.line });
      }
      super.MustacheStatement(mustache);
    }
  }
  new Mentions().accept(handlebars.parse(text));
  return all;
}

/** Handlebars' own errors, in one line: its parser draws a picture, its compiler appends the place. */
function faultOf(error: unknown): TemplateFault {
  if (!(error instanceof Error)) throw error;
  const [, line, near, got] =
    /^\w+ error on line (\d+)[^\n]*\n(.*)\n-*\^(?:\n.*got '(\w+)')?/.exec(error.message) ?? [];
  if (line !== undefined) {
    const what = got === 'EOF' ? 'ends inside a block or an expression' : 'no Handlebars';
    return { line: Number(line), message: `${what}, near "${near}"` };
  }
  const given = 'lineNumber' in error && typeof error.lineNumber === 'number' ? error.lineNumber : 1;
  return { line: given, message: error.message.replace(/ - \d+:\d+$/, '') };
}

/**
 * The first thing that keeps `text` from being the template `name` beside the templates `others`: its syntax, a helper or a template
 * that is not there, or the inclusion of itself. Null when there is none; fields of its view show only when it is rendered.
 */
export async function templateFault(
  name: string,
  text: string,
  others: ReadonlySet<string>,
): Promise<TemplateFault | null> {
  const { default: handlebars } = await import('handlebars');
  try {
    const mentions = mentionsIn(handlebars, text);
    handlebars.precompile(text, COMPILE_OPTIONS);
    for (const { name: other, line } of mentions) {
      if (other === name) return { line, message: `${name}.hbs includes itself: the text that it replaces is gone` };
      if (!others.has(other)) return { line, message: `there is no template ${other}.hbs` };
    }
    return null;
  } catch (error) {
    return faultOf(error);
  }
}
