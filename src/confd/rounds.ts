import { StageError } from '../core/errors.ts';
import { type CompiledTemplate, TemplateError } from './engine.ts';
import { allFunctions } from './functions/all-functions.ts';
import type { FunctionTable } from './functions/key-value.ts';
import type { Answer, Outside, Question } from './functions/outside-functions.ts';

/** A look-up may lead to another, but not for ever: a template that asks for a new name each time never ends. */
const MAX_ROUNDS = 8;

/** What a template is rendered from, beside its text. */
export interface Rendered {
  readonly values: ReadonlyMap<string, string>;
  readonly data: Readonly<Record<string, unknown>>;
  /** Functions of the resource's own helpers file. */
  readonly own: FunctionTable;
}

/**
 * Renders, finds out what the template asked for, and renders again, until nothing is open: look-ups stay out of the template's own
 * code. Rejects with a StageError `render` (`template`, `too-many-rounds`), not retryable.
 */
export async function renderInRounds(
  template: CompiledTemplate,
  { values, data, own }: Rendered,
  outside: Outside,
  find: (question: Question) => Promise<Answer>,
): Promise<string> {
  const functions = { ...allFunctions(values, outside), ...own };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let text: string | null = null;
    let fault: unknown = null;
    try {
      text = template.render(functions, data);
    } catch (error) {
      fault = error;
    }
    const open = outside.takeOpen();
    // An answer that was missing may have been the fault.
    if (open.length === 0 && text !== null) return text;
    if (open.length === 0) throw renderError(fault);
    const answers = await Promise.all(open.map(find));
    for (const [i, question] of open.entries()) outside.answer(question, answers[i] ?? []);
  }
  const message = `it asks for something new each time, more than ${MAX_ROUNDS} times`;
  throw new StageError('render', 'too-many-rounds', message, { retryable: false });
}

/** What is no TemplateError is a bug, or a fault of a helpers file: it is told all the same, and stops this resource only. */
function renderError(fault: unknown): StageError {
  const message = fault instanceof Error ? fault.message : String(fault);
  const code = fault instanceof TemplateError ? 'template' : 'bug';
  return new StageError('render', code, message, { retryable: false, cause: fault });
}
