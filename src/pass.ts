import { join } from 'node:path';
import type { CheckRejected } from './bird/check.ts';
import { withoutPasswords } from './bird/syntax.ts';
import type { Clock } from './core/clock.ts';
import type { Diagnostic } from './core/diagnostic.ts';
import type { Digest } from './core/digest.ts';
import { messageOf, type Stage, StageError } from './core/errors.ts';
import { byBytesOf } from './core/order.ts';
import type { Snapshot } from './datastore/datastore.ts';
import { type CommitOptions, commitBundle } from './host/commit.ts';
import { type LedgerRecord, ledgerPath, writeLedger } from './host/ledger.ts';
import { readLive } from './host/observe.ts';
import { stageBundle } from './host/stage.ts';
import { plan, type Step } from './plan.ts';
import { type Bundle, type Digests, digestsOfTexts, originsAt } from './render/bundle.ts';
import type { Rendering, Target } from './targets.ts';

/** Where a target's files and its memory are, and what is known from the passes before. Only its own loop writes here. */
export interface TargetPlace {
  readonly stateDir: string;
  readonly output: string;
  /** Asked at each commit: the group is the control socket's, and BIRD may not have made it yet. */
  readonly destination: () => Promise<CommitOptions>;
  readonly check: boolean;
  readonly clock: Clock;
  ledger: LedgerRecord;
  /** What the check refused last: not asked again while the input is the same, but told again. */
  refused: { readonly bytes: Digest; readonly error: StageError } | null;
}

/** What one pass found and did. `error`: the stage that failed and left the steps after it undone. */
export interface PassReport {
  readonly outcome: 'unchanged' | 'committed' | 'confirmed' | 'nothing-to-write' | 'failed';
  readonly steps: readonly Step[];
  readonly error: StageError | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly revision: string;
  readonly bundle: Bundle | null;
  /** Milliseconds that each stage took. */
  readonly timings: Readonly<Partial<Record<Stage, number>>>;
}

/**
 * One pass over one target: render, plan, check, commit, reload - as far as needed and as far as it goes. Never rejects: a failed
 * stage is in the report, and what it left undone is planned again by the next pass, also after a restart, because the plan
 * compares the files on disk and the ledger's `confirmed` with what is wanted (architecture 6).
 */
export async function runPass(
  target: Target,
  snapshot: Snapshot,
  place: TargetPlace,
  signal: AbortSignal,
): Promise<PassReport> {
  const timings: Partial<Record<Stage, number>> = {};
  const report = { steps: [] as readonly Step[], error: null, diagnostics: [] as readonly Diagnostic[], timings };
  const base = { ...report, revision: snapshot.revision, bundle: null };
  const timed = async <T>(stage: Stage, work: () => Promise<T> | T): Promise<T> => {
    const start = place.clock.now();
    try {
      return await work();
    } catch (thrown) {
      throw asStageError(stage, thrown);
    } finally {
      timings[stage] = place.clock.now() - start;
    }
  };
  let rendering: Rendering | null = null;
  let steps: readonly Step[] = [];
  try {
    const live = await readLive(place.output, target.fileNames);
    rendering = await timed('render', () => target.render(snapshot, live));
    const { bundle, diagnostics } = rendering;
    if (!bundle) return { ...base, diagnostics, outcome: 'nothing-to-write' };
    steps = plan(bundle, { live: live && digestsOfTexts(live), confirmed: place.ledger.confirmed });
    await remember(target, place, rendering);
    if (steps.includes('commit')) await commit(target, bundle, steps, place, signal, timed);
    if (steps.includes('reload')) {
      const { boot } = await timed('reload', () => target.reload(signal));
      await save(target, place, { live: digestsOf(bundle), confirmed: bundle.statements, boot });
    }
    const outcome = steps.includes('reload') ? 'confirmed' : steps.length > 0 ? 'committed' : 'unchanged';
    return { ...base, diagnostics, bundle, steps, outcome };
  } catch (thrown) {
    const error = asStageError('render', thrown);
    const { bundle = null, diagnostics = [] } = rendering ?? {};
    return { ...base, diagnostics, bundle, steps, error, outcome: 'failed' };
  }
}

async function commit(
  target: Target,
  bundle: Bundle,
  steps: readonly Step[],
  place: TargetPlace,
  signal: AbortSignal,
  timed: <T>(stage: Stage, work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  if (place.refused?.bytes === bundle.bytes) throw place.refused.error;
  const staged = await timed('commit', () => stageBundle(bundle, join(place.stateDir, 'stage')));
  try {
    if (place.check) await timed('check', () => checked(bundle, place, () => target.check(staged, signal)));
    // From here BIRD may run the old or the new statements, whatever happens to us: nothing is confirmed until it says so.
    if (steps.includes('reload')) await save(target, place, { confirmed: null });
    await timed('commit', async () => commitBundle(staged, await place.destination()));
    await save(target, place, { live: digestsOf(bundle) });
  } finally {
    await staged.discard();
  }
}

/** Keeps a refusal, and tells which resources produced the line that BIRD does not take. */
async function checked(bundle: Bundle, place: TargetPlace, check: () => Promise<void>): Promise<void> {
  try {
    await check();
    place.refused = null;
  } catch (thrown) {
    const error = isRejection(thrown) ? blamed(thrown, bundle) : thrown;
    if (error instanceof StageError && !error.retryable) place.refused = { bytes: bundle.bytes, error };
    throw error;
  }
}

const isRejection = (thrown: unknown): thrown is CheckRejected =>
  thrown instanceof StageError && thrown.code === 'rejected';

function blamed(rejection: CheckRejected, bundle: Bundle): StageError {
  const { file, line, text } = rejection;
  const rendered = bundle.files.find((f) => file?.endsWith(`/${f.name}`));
  if (!rendered || line === null) return rejection;
  const origins = originsAt(rendered, line);
  const from = origins.length > 0 ? `; it comes from ${origins.slice(0, 3).join(', ')}` : '';
  const source = rendered.text.split('\n')[line - 1]?.trim() ?? '';
  const message = `BIRD refuses ${rendered.name} line ${line}: ${text ?? 'no reason given'}: ${withoutPasswords(source)}${from}`;
  return new StageError('check', 'rejected', message, { retryable: false, cause: rejection });
}

/** The last good values must outlive us as soon as they are in effect. */
async function remember(target: Target, place: TargetPlace, { lastGood }: Rendering): Promise<void> {
  const next = Object.fromEntries([...lastGood].sort(byBytesOf(([key]) => key)));
  if (JSON.stringify(next) !== JSON.stringify(place.ledger.lastGood)) await save(target, place, { lastGood: next });
}

const digestsOf = ({ bytes, statements }: Bundle): Digests => ({ bytes, statements });

async function save(target: Target, place: TargetPlace, change: Partial<LedgerRecord>): Promise<void> {
  place.ledger = { ...place.ledger, ...change };
  try {
    await writeLedger(ledgerPath(place.stateDir, target.name), place.ledger);
  } catch (thrown) {
    throw asStageError('commit', thrown);
  }
}

function asStageError(stage: Stage, thrown: unknown): StageError {
  if (thrown instanceof StageError) return thrown;
  const code = stage === 'render' ? 'bug' : 'io';
  return new StageError(stage, code, messageOf(thrown), { retryable: stage !== 'render', cause: thrown });
}
