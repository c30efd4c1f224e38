import { relative, resolve } from 'node:path';
import { styleText } from 'node:util';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Difference } from '../golden/compare.ts';
import { findCases } from '../golden/scenario.ts';
import { type TestedCase, testCase } from '../golden/test-case.ts';
import { builtInTemplates } from '../host/read-templates.ts';
import { EXIT } from './exit-codes.ts';

export interface TestVerbOptions {
  readonly dir: string;
  readonly filter: string | null;
  readonly check: boolean;
  readonly update: boolean;
  readonly json: boolean;
  readonly templates: string | null;
  readonly templatesOverlay: string | null;
  /** CI is set: goldens are not to be changed there. */
  readonly ci: boolean;
  readonly colour: boolean;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const WORDS: Readonly<Record<Difference['kind'], string>> = {
  missing: 'is a golden, but is not rendered any more',
  unexpected: 'is rendered, but has no golden',
  unstable: 'depends on the order in which the data arrive',
  statements: 'statements differ',
  bytes: 'bytes differ',
  exit: 'exit code',
  refused: 'refused by BIRD',
};

const text = (difference: Difference): string =>
  `${difference.path}: ${WORDS[difference.kind]}${'detail' in difference ? `: ${difference.detail}` : ''}`;

function report({ dir, differences, updated }: TestedCase, colour: boolean): void {
  const paint = (format: 'red' | 'green' | 'yellow', word: string) => (colour ? styleText(format, word) : word);
  const name = relative(process.cwd(), dir) || '.';
  if (differences.length === 0) say(`${updated ? paint('yellow', 'updated') : paint('green', 'ok')} ${name}`);
  else
    say(
      `${paint('red', 'FAIL')} ${name}\n${differences.map((d) => `  ${text(d)}`).join('\n')}\n  see ${name}/out.actual`,
    );
}

/** `birdconfd test`: every case under DIR against its goldens, and every golden through the real BIRD. Exit 2 when any differs. */
export async function testVerb(options: TestVerbOptions): Promise<number> {
  if (options.update && options.ci)
    throw new UsageError('test --update is refused where CI is set: goldens are changed by people');
  const templates = options.templates ?? builtInTemplates();
  const cases = (await findCases(resolve(options.dir))).filter(
    (dir) => !options.filter || dir.includes(options.filter),
  );
  const tested: TestedCase[] = [];
  for (const dir of cases) {
    const one = await testCase(dir, {
      templates,
      overlay: options.templatesOverlay,
      check: options.check,
      update: options.update,
    }).catch((error: unknown) => {
      throw new UsageError(`${relative(process.cwd(), dir)}: ${messageOf(error)}`);
    });
    tested.push(one);
    if (!options.json) report(one, options.colour);
  }
  const failed = tested.filter(({ differences }) => differences.length > 0).length;
  if (options.json) say(JSON.stringify(tested, null, 2));
  else say(`${tested.length - failed} passed, ${failed} failed`);
  return failed > 0 || tested.length === 0 ? EXIT.differences : EXIT.ok;
}
