import { styleText } from 'node:util';
import { type Meaning, meaningOf } from '../bird/meaning.ts';
import { readConfiguration } from '../bird/protocols.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { readLedgers } from '../host/ledger.ts';
import { readLive } from '../host/observe.ts';
import { plan, type Step } from '../plan.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

interface TargetPlan {
  readonly target: string;
  readonly steps: readonly Step[];
  readonly meaning: Meaning;
  /** Unified, a part a file; passwords are not in it. */
  readonly diff: string;
  /** Protocols that run now, for a limit in percent. */
  readonly protocols: number;
}

/** Wherever it stands: the live file may be another's. */
const PASSWORD = /(\bpassword\s+)("[^"\n]*")/g;

/** A password is told to have changed, never what it was or will be. */
function withNumberedPasswords(live: string, next: string): readonly [string, string] {
  const passwords = [live, next].flatMap((text) => [...text.matchAll(PASSWORD)]);
  const known = [...new Set(passwords.map(([, , value = '']) => value))].sort(byBytes);
  const hide = (text: string) =>
    text.replace(PASSWORD, (_, start, value: string) => `${start}[redacted ${known.indexOf(value) + 1}]`);
  return [hide(live), hide(next)];
}

async function diffOf(before: readonly NamedText[], after: readonly NamedText[]): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  const texts = new Map(before.map(({ name, text }) => [name, text]));
  const changed = after.filter(({ name, text }) => texts.get(name) !== text);
  return changed
    .map(({ name, text }) => {
      const [live, next] = withNumberedPasswords(texts.get(name) ?? '', text);
      return createTwoFilesPatch(`${name} (live)`, `${name} (planned)`, live, next, undefined, undefined, {
        context: 2,
      });
    })
    .join('\n');
}

function report({ target, steps, meaning, diff }: TargetPlan, colour: boolean): void {
  const paint = (format: 'red' | 'green' | 'yellow' | 'cyan', text: string) =>
    colour ? styleText(format, text) : text;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (steps.length === 0) return void say(`${target}: nothing to do`);
  say(`${target}: ${steps.join(', ')}`);
  const kinds = [
    ['added', 'green'],
    ['removed', 'red'],
    ['restarted', 'red'],
    ['refiltered', 'yellow'],
  ] as const;
  for (const [kind, format] of kinds) {
    for (const name of meaning[kind]) say(`  ${paint(format, kind.padEnd(10))} ${name}`);
  }
  if (meaning.needsRestart) say(`  ${paint('red', 'listening address or port: BIRD takes it only when it starts')}`);
  const line = (text: string) => (/^[+-]/.test(text) ? paint(text.startsWith('+') ? 'green' : 'red', text) : text);
  if (diff) say(diff.split('\n').map(line).join('\n'));
}

/** Whether more protocols restart or go than `limit` allows: a number, or a percentage of those that run now. */
function exceeds(plans: readonly TargetPlan[], limit: string): boolean {
  const [, number, percent] = /^(\d+)(%)?$/.exec(limit) ?? [];
  if (number === undefined)
    throw new UsageError(`--max-restarted: expected a number or a percentage, found "${limit}"`);
  const lost = plans.reduce((sum, { meaning }) => sum + meaning.restarted.length + meaning.removed.length, 0);
  const all = plans.reduce((sum, { protocols }) => sum + protocols, 0);
  return lost > (percent ? (all * Number(number)) / 100 : Number(number));
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
    const { readings, lastGood, data } = await readLedgers(settings.stateDir, DAEMONS);
    const snapshot = await readOnce({ ...settings, data: settings.data ?? data });
    const plans: TargetPlan[] = [];
    const targets = await prepareTargets(settings, { lastGood, runsBird: false, data });
    const renderings = await Promise.all(
      targets.map(async (target) => {
        const live = await readLive(settings.output, target.fileNames);
        return { target, live, ...target.render(snapshot, live) };
      }),
    );
    tellDiagnostics(renderings.flatMap(({ diagnostics }) => diagnostics));
    for (const { target, live, bundle } of renderings) {
      if (!bundle) return EXIT.data;
      const steps = plan(bundle, {
        live: live && digestsOfTexts(live),
        confirmed: readings.get(target.name)?.record.confirmed ?? null,
      });
      const before = live ?? [];
      const running = wholeOf(before);
      const meaning = meaningOf(running, wholeOf(bundle.files));
      const protocols = readConfiguration(running).protocols.size;
      plans.push({ target: target.name, steps, meaning, diff: await diffOf(before, bundle.files), protocols });
    }
    if (options.json) process.stdout.write(`${JSON.stringify(plans, null, 2)}\n`);
    else for (const each of plans) report(each, options.colour);
    const differs =
      options.limit === null ? plans.some(({ steps }) => steps.length > 0) : exceeds(plans, options.limit);
    return differs ? EXIT.differences : EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`birdconfd plan: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
