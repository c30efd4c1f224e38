import { StageError } from '../core/errors.ts';
import { pathMatch } from './functions/path-match.ts';
import type { TemplateResource } from './resource.ts';

const refused = (message: string): StageError => new StageError('render', 'guard', message, { retryable: false });

/** Throws a StageError `render`/`guard` when too few keys are there (before anything is rendered). Pure. */
export function mustMatch({ guard }: TemplateResource, values: ReadonlyMap<string, string>): void {
  const keys = [...values.keys()];
  for (const [glob, least] of guard.minMatches) {
    const found = glob === '' ? keys.length : keys.filter((key) => pathMatch(glob, key)).length;
    if (found >= least) continue;
    const where = glob === '' ? 'of its keys' : `keys that match ${glob}`;
    throw refused(`there are ${found} ${where}, and guard.min_matches wants ${least}: the target stays as it is`);
  }
}

/** Throws the same when a target that has content would be replaced although no key is there, or by nothing. Pure. */
export function mustHaveContent(
  { guard }: TemplateResource,
  values: ReadonlyMap<string, string>,
  files: readonly { readonly dest: string; readonly text: string; readonly before: string | null }[],
): void {
  if (guard.allowEmpty) return;
  const hasBefore = files.find(({ before, text }) => before?.trim() && (values.size === 0 || text.trim() === ''));
  if (!hasBefore) return;
  const why = values.size === 0 ? 'no key is there any more' : 'nothing is rendered';
  throw refused(`${hasBefore.dest} would be emptied, as ${why}, and guard.allow_empty is false`);
}
