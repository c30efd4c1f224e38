import { styleText } from 'node:util';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { makePlans, type TargetPlan } from './make-plans.ts';
import { exceeds } from './restart-limit.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

/** A plan as people read it: the steps, what each session has to expect, and the diff; it ends with a newline. */
export function planText({ target, steps, meaning, diff, holds }: TargetPlan, colour: boolean): string {
  const paint = (format: 'red' | 'green' | 'yellow' | 'cyan', text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  if (steps.length === 0) return `${target}: nothing to do\n`;
  const held = holds.length > 0 ? `, ${paint('red', `held (${holds.join(', ')})`)}` : '';
  const lines = [`${target}: ${steps.join(', ')}${held}`];
  const kinds = [
    ['added', 'green'],
    ['removed', 'red'],
    ['restarted', 'red'],
    ['refiltered', 'yellow'],
  ] as const;
  for (const [kind, format] of kinds) {
    for (const name of meaning[kind]) lines.push(`  ${paint(format, kind.padEnd(10))} ${name}`);
  }
  if (meaning.needsRestart)
    lines.push(`  ${paint('red', 'listening address or port: BIRD takes it only when it starts')}`);
  const line = (text: string) => (/^[+-]/.test(text) ? paint(text.startsWith('+') ? 'green' : 'red', text) : text);
  if (diff) lines.push(diff.split('\n').map(line).join('\n'));
  return `${lines.join('\n')}\n`;
}

/** Protocols that restart or go, out of those that run now. */
function lostBy(plans: readonly TargetPlan[]): readonly [lost: number, all: number] {
  const lost = plans.reduce((sum, { meaning }) => sum + meaning.restarted.length + meaning.removed.length, 0);
  return [lost, plans.reduce((sum, { protocols }) => sum + protocols, 0)];
}

/**
 * `birdconfd plan`: what `run` would do here now, by the same ledger and the files on disk; nothing is written. Exit 2 when there is
 * anything to do - with --max-restarted, only when more sessions than that would restart or go.
 */
export async function planVerb(
  settings: Settings,
  options: { readonly json: boolean; readonly limit: string | null; readonly colour: boolean },
): Promise<number> {
  try {
    const { plans, diagnostics } = await makePlans(settings);
    tellDiagnostics(diagnostics);
    if (!plans) return EXIT.data;
    const text = options.json
      ? `${JSON.stringify(plans, null, 2)}\n`
      : plans.map((each) => planText(each, options.colour)).join('');
    process.stdout.write(text);
    const differs =
      options.limit === null ? plans.some(({ steps }) => steps.length > 0) : exceeds(...lostBy(plans), options.limit);
    return differs ? EXIT.differences : EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`birdconfd plan: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
