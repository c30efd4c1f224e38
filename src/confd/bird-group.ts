import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { checkConfig } from '../bird/check.ts';
import { asStageError, StageError } from '../core/errors.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { resolveFileOwner } from '../host/file-owner.ts';
import { ledgerPath, readLedger } from '../host/ledger.ts';
import { runPass } from '../pass/pass.ts';
import type { PassReport } from '../pass/pass-report.ts';
import { Place } from '../pass/place.ts';
import { Block, makeBundle, makeFile } from '../render/bundle.ts';
import type { Target } from '../targets.ts';
import type { GroupReport } from './group-pass.ts';
import type { PassContext } from './pass-context.ts';
import { named } from './stage-and-check.ts';
import type { Unit } from './unit.ts';

/** The guards of BGP mode speak of Calico's sessions; here the templates are the operator's own, and nobody is there to approve. */
const NO_LIMITS = {
  gone: Number.POSITIVE_INFINITY,
  goneAtLeast: 0,
  restarts: Number.POSITIVE_INFINITY,
  restartsAtLeast: 0,
  lastPeer: false,
};

/** A hold as the fault that it is here: nobody asks this mode what it holds. */
const heldError = ({ kinds, why }: NonNullable<PassReport['hold']>): StageError =>
  new StageError('reload', 'held', `${kinds.join(', ')}: ${why.join('; ')} (SIGHUP tries again)`, { retryable: false });

/**
 * A unit whose daemon is a BIRD: from its bundle on it is a target like those of BGP mode, with the same check, transaction, ledger and
 * history (architecture 1). Its first resource makes the file that the daemon is pointed at; all of them lie in one folder.
 */
export class BirdGroup {
  readonly unit: Unit;
  readonly #context: PassContext;
  #place: Place | null = null;

  constructor(unit: Unit, context: PassContext) {
    this.unit = unit;
    this.#context = context;
  }

  /** One pass, as `runPass` does it. Never rejects. */
  async pass({ isQuiet, signal }: { isQuiet: boolean; signal: AbortSignal }): Promise<GroupReport> {
    const snapshot = this.#context.snapshot();
    try {
      const place = await this.#open();
      const texts: { readonly name: string; readonly text: string; readonly keys: readonly string[] }[] = [];
      for (const renderer of this.unit.renderers) {
        const { files, entries } = await renderer.outputs().catch((thrown: unknown) => {
          throw named(asStageError('render', thrown), renderer);
        });
        for (const { dest, text } of files) texts.push({ name: basename(dest), text, keys: [...entries.keys()] });
      }
      const target = this.#target(texts);
      // What stands in conf.d is asked for again at each start: a hold that only an operator could end would never end here.
      const done = await runPass(target, snapshot, place, { isQuiet, signal });
      const { outcome, steps, hold, diagnostics } = done;
      const fault = done.error ?? (hold && heldError(hold));
      const error = outcome === 'waiting' ? fault : this.unit.limited(fault);
      const report = { unit: this.unit.name, steps, error, diagnostics };
      const outcomeOf = error
        ? 'failed'
        : outcome === 'confirmed'
          ? 'confirmed'
          : outcome === 'waiting'
            ? 'waiting'
            : 'unchanged';
      return { outcome, steps, error, hold, units: [{ ...report, outcome: outcomeOf }] };
    } catch (thrown) {
      const error = this.unit.limited(asStageError('render', thrown));
      const report = { unit: this.unit.name, steps: [], error, diagnostics: [], outcome: 'failed' as const };
      return { outcome: 'failed', steps: [], error, hold: null, units: [report] };
    }
  }

  #target(
    texts: readonly { readonly name: string; readonly text: string; readonly keys: readonly string[] }[],
  ): Target {
    const [first, ...rest] = texts.map(({ name, text, keys }) => makeFile(name, [new Block(text, keys)]));
    if (!first) throw new Error('bug: a unit without files');
    const { output, binary } = this.#daemon;
    return {
      name: this.unit.name,
      fileNames: [first.name, ...rest.map(({ name }) => name)],
      configFile: join(output, first.name),
      render: (_: Snapshot) => ({
        bundle: makeBundle([first, ...rest]),
        diagnostics: [],
        lastGood: new Map(),
        data: null,
        release: null,
        approval: null,
        kept: [],
      }),
      check: (folder, signal) => checkConfig({ binary, configFile: join(folder, first.name), signal }),
    };
  }

  get #daemon() {
    const [first] = this.unit.resources;
    if (first?.reload.mode !== 'bird') throw new Error('bug: no BIRD');
    const idOf = (name: string | null, id: number | null) => name ?? (id === null ? null : String(id));
    const owners = { fileOwner: idOf(first.owner, first.uid), fileGroup: idOf(first.group, first.gid) };
    return { ...first.reload, output: dirname(first.dest), mode: first.mode, owners };
  }

  async #open(): Promise<Place> {
    if (this.#place) return this.#place;
    const { output, socket, undoSeconds, mode, owners } = this.#daemon;
    const { clock, stateDir, prefixes, syncOnly } = this.#context;
    const name = this.unit.name.replace(/[^\w.-]+/g, '_');
    const { record } = await readLedger(ledgerPath(stateDir, name));
    const place = new Place(
      {
        name,
        node: hostname(),
        stateDir,
        output,
        socket,
        destination: async () => ({ output, mode: mode ?? 0o640, ...(await resolveFileOwner(owners, socket)) }),
        check: !syncOnly,
        clock,
        undoSeconds,
        prefixes,
        limits: NO_LIMITS,
        acceptTakeover: true,
        history: Math.max(1, ...this.unit.resources.map(({ history }) => history)),
      },
      record,
    );
    if (record.hold) await place.save({ hold: null });
    this.#place = place;
    return place;
  }
}
