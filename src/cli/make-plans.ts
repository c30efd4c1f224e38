import { type Meaning, meaningOf } from '../bird/meaning.ts';
import { readConfiguration } from '../bird/protocols.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { NamedText } from '../core/named-text.ts';
import { withNumberedPasswords } from '../golden/redact.ts';
import { readLedgers } from '../host/ledger.ts';
import { readLive } from '../host/observe.ts';
import { plan, type Step } from '../plan.ts';
import { digestsOfTexts } from '../render/bundle.ts';
import { wholeOf } from '../render/whole.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { prepareTargets } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';

/** What is to be done for one target. */
export interface TargetPlan {
  readonly target: string;
  readonly steps: readonly Step[];
  readonly meaning: Meaning;
  /** Unified, a part a file; passwords are not in it. */
  readonly diff: string;
  /** What keeps the running service from doing it, by the ledger; [] = nothing. */
  readonly holds: readonly string[];
  /** Protocols that run now, for a limit in percent. */
  readonly protocols: number;
}

async function diffOf(before: readonly NamedText[], after: readonly NamedText[]): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  const texts = new Map(before.map(({ name, text }) => [name, text]));
  const changed = after.filter(({ name, text }) => texts.get(name) !== text);
  return changed
    .map(({ name, text }) => {
      const [live = '', next = ''] = withNumberedPasswords([texts.get(name) ?? '', text]);
      return createTwoFilesPatch(`${name} (live)`, `${name} (planned)`, live, next, undefined, undefined, {
        context: 2,
      });
    })
    .join('\n');
}

/** What `makePlans` found; `plans` null: nothing may be written, and the diagnostics say why. */
export interface MadePlans {
  readonly plans: readonly TargetPlan[] | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * What `run` would do here now, by the same ledger and the files on disk; nothing is written. Rejects with a StageError, or a
 * UsageError.
 */
export async function makePlans(settings: Settings): Promise<MadePlans> {
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
  const diagnostics = renderings.flatMap((rendering) => rendering.diagnostics);
  for (const { target, live, bundle } of renderings) {
    if (!bundle) return { plans: null, diagnostics };
    const record = readings.get(target.name)?.record;
    const steps = plan(bundle, { live: live && digestsOfTexts(live), confirmed: record?.confirmed ?? null });
    const holds = record?.hold?.kinds ?? [];
    const before = live ?? [];
    const running = wholeOf(before);
    const meaning = meaningOf(running, wholeOf(bundle.files));
    const protocols = readConfiguration(running).protocols.size;
    const diff = await diffOf(before, bundle.files);
    plans.push({ target: target.name, steps, meaning, diff, holds, protocols });
  }
  return { plans, diagnostics };
}
