import type { OperationResult, Operations } from '../control/operations.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { APPROVABLE } from '../core/hold-kinds.ts';
import type { Datastore } from '../datastore/datastore.ts';
import type { PassReport } from '../pass/pass-report.ts';
import type { Place } from '../pass/place.ts';
import { rollBack } from '../pass/roll-back.ts';
import { after } from '../transaction/machine.ts';
import type { Managed } from './managed.ts';
import type { Metrics } from './metrics.ts';
import { readinessOf, type ServiceFacts, serviceReport } from './service-report.ts';

/** An approval counts for the plan that is seen now; what comes later is another plan. */
const APPROVAL_MS = 600_000;

/** What the answers are made from. */
export interface Known {
  readonly facts: ServiceFacts;
  readonly datastore: Datastore;
  readonly metrics?: Metrics;
  /** The last lines of the log. */
  readonly recent?: () => readonly string[];
}

/** What operators can ask of the running service. Each operation resolves after the pass that follows it. */
export function operationsOf(all: readonly Managed[], { facts, datastore, metrics, recent }: Known): Operations {
  const status = () => serviceReport(all, facts, datastore);
  let scrape: Promise<string> | null = null;
  const chosen = (names: readonly string[] | null): readonly Managed[] => {
    const unknown = names?.find((name) => !all.some(({ target }) => target.name === name));
    if (unknown !== undefined) throw new UsageError(`there is no target ${unknown}`);
    return names === null ? all : all.filter(({ target }) => names.includes(target.name));
  };
  const onEach = async (
    names: readonly string[] | null,
    work: (one: Managed, signal: AbortSignal) => Promise<void>,
    judge: (report: PassReport) => Judgement = judged,
  ): Promise<OperationResult> => {
    const results = await Promise.all(
      chosen(names).map(async (one) => ({ target: one.target.name, ...(await outcomeOf(one, work, judge)) })),
    );
    return { ok: results.every(({ ok }) => ok), lines: results.map(({ target, text }) => ({ target, text })) };
  };
  return {
    status,
    ...(metrics && {
      // Each asks BIRD: who scrapes while another does gets what that one gets.
      metrics: () => {
        scrape ??= status()
          .then((report) => metrics.text(report))
          .finally(() => {
            scrape = null;
          });
        return scrape;
      },
    }),
    ...(recent && { log: recent }),
    readiness: (names) => readinessOf(chosen(names), datastore, facts.startedAt),
    approve: (names) => onEach(names, ({ place }) => approve(place)),
    resume: (names) => onEach(names, ({ place }) => resume(place)),
    reload: (names) => onEach(names, ({ place }) => place.save({ confirmed: null }), judgedReload),
    rollback: async (back, forMs, names) => {
      const result = await onEach(names, ({ target, place }, signal) =>
        rollBack(target, place, { back, forMs, signal }),
      );
      // Held is what was asked for.
      const isBack = chosen(names).every(
        ({ last }) => !last?.report.error && last?.report.hold?.kinds.includes('rollback'),
      );
      return { ...result, ok: isBack && result.lines.every(({ text }) => !text.startsWith(FAILED)) };
    },
  };
}

async function approve(place: Place): Promise<void> {
  const { hold } = place.ledger;
  const kinds = APPROVABLE.filter((kind) => hold?.kinds.includes(kind));
  if (kinds.length > 0) await place.save({ approval: { kinds, until: place.options.clock.now() + APPROVAL_MS } });
}

async function resume(place: Place): Promise<void> {
  const { txn } = place.ledger;
  await place.save({ hold: null, foreignWrites: [], txn: after(txn, { is: 'resume' }) });
}

const FAILED = 'failed: ';

interface Judgement {
  readonly ok: boolean;
  readonly text: string;
}

/** What became of one target; what its work met is told like a pass that failed, so that the other target's outcome is told as well. */
async function outcomeOf(
  one: Managed,
  work: (one: Managed, signal: AbortSignal) => Promise<void>,
  judge: (report: PassReport) => Judgement,
): Promise<Judgement> {
  try {
    return judge(await one.ask((signal) => work(one, signal)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return { ok: false, text: `${FAILED}${messageOf(error)}` };
  }
}

const judged = (report: PassReport): Judgement => ({ ok: !report.error && !report.hold, text: textOf(report) });

/** Held or not, BIRD has read its files again, or it has not been asked to. */
function judgedReload(report: PassReport): Judgement {
  const isReloaded = report.steps.includes('reload');
  if (report.error) return judged(report);
  return {
    ok: isReloaded,
    text: report.hold ? `${isReloaded ? '' : 'not '}reloaded; ${textOf(report)}` : textOf(report),
  };
}

function textOf({ outcome, error, hold }: PassReport): string {
  if (error) return `${FAILED}${error.message}`;
  return hold ? `held (${hold.kinds.join(', ')}): ${hold.why.join('; ')}` : outcome;
}
