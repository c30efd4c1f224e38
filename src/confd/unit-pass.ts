import { stat } from 'node:fs/promises';
import type { Diagnostic } from '../core/diagnostic.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { asStageError, type StageError } from '../core/errors.ts';
import { plan, type Step } from '../plan.ts';
import { historyDir, keepVersion } from './history.ts';
import { digestOfOutputs, isSameFile, readLiveFile } from './output-file.ts';
import type { PassContext } from './pass-context.ts';
import { commitStaged, stageFile, unstage } from './stage.ts';
import { type Compared, type Made, named, stageAndCheck } from './stage-and-check.ts';
import { textDiff } from './text-diff.ts';
import type { Unit } from './unit.ts';

/** What a pass over one unit came to, up to the reload, which is the group's. */
export interface UnitOutcome {
  readonly outcome: 'unchanged' | 'committed' | 'waiting' | 'failed';
  readonly steps: readonly Step[];
  readonly error: StageError | null;
  readonly diagnostics: readonly Diagnostic[];
  /** What is confirmed once the reload has succeeded; null = nothing is owed. */
  readonly owed: { readonly digest: Digest; readonly confirm: () => Promise<void> } | null;
}

export interface UnitPassOptions {
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
}

const STALE = digestOf('not what is wanted');

async function renderAll(unit: Unit): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const renderer of unit.renderers) {
    try {
      made.push({ renderer, outputs: await renderer.outputs() });
    } catch (error) {
      throw named(asStageError('render', error), renderer);
    }
  }
  return made;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** One pass over a unit: render, compare, stage, check, commit. Never rejects; nothing is touched unless all of its resources are well. */
export async function unitPass(unit: Unit, context: PassContext, options: UnitPassOptions): Promise<UnitOutcome> {
  let diagnostics: readonly Diagnostic[] = [];
  let steps: readonly Step[] = [];
  try {
    const made = await renderAll(unit);
    diagnostics = made.flatMap(({ outputs }) => outputs.diagnostics);
    const compared: Compared[] = [];
    for (const one of made)
      for (const wanted of one.outputs.files)
        compared.push({ made: one, wanted, live: await readLiveFile(wanted.dest) });
    const record = await unit.record();
    const different = compared.filter(({ wanted, live }) => !isSameFile(wanted, live));
    const dests = new Set(compared.map(({ wanted }) => wanted.dest));
    const gone: string[] = [];
    for (const path of record?.outputs ?? []) if (!dests.has(path) && (await exists(path))) gone.push(path);
    const digest = digestOfOutputs(compared.map(({ wanted }) => wanted));
    const onDisk = different.length + gone.length === 0 ? digest : STALE;
    // Who never wrote here takes what is there for what runs, as confd does at every start.
    const confirmed = record ? record.confirmed : onDisk === digest ? digest : null;
    steps = plan({ bytes: digest, statements: digest }, { live: { bytes: onDisk, statements: onDisk }, confirmed });
    const accept = () => {
      for (const { renderer, outputs } of made) renderer.accept(outputs.entries);
    };
    const outputs = made.flatMap(({ renderer, outputs: { files } }) =>
      renderer.resource.forEach === null ? [] : files.map(({ dest }) => dest),
    );
    const confirm = async () => unit.keep({ version: 1, confirmed: digest, outputs });
    const none = { steps, error: null, diagnostics, owed: null };
    if (context.noop) {
      for (const { wanted, live } of different) context.show(await textDiff(wanted, live));
      if (context.keepStageFile) await keepStaged(different);
      for (const path of gone) context.show(`${path} would be removed\n`);
      return { ...none, outcome: 'unchanged' };
    }
    if (steps.length === 0) {
      accept();
      if (!record) await confirm();
      return { ...none, outcome: 'unchanged' };
    }
    if (!steps.includes('commit')) return { ...none, outcome: 'unchanged', owed: { digest, confirm } };
    if (unit.resources.some(({ wait }) => wait !== null) && !options.isQuiet) return { ...none, outcome: 'waiting' };
    const staged = await stageAndCheck(different, context, options.signal);
    try {
      // First of all: whoever dies after the first rename owes a reload.
      await unit.keep({ version: 1, confirmed: null, outputs: [...new Set([...outputs, ...(record?.outputs ?? [])])] });
      for (const { made: one, wanted, live } of different) {
        const { history } = one.renderer.resource;
        const dir = historyDir(context.stateDir, wanted.dest);
        if (live) await keepVersion(dir, live.text, { now: context.clock.now(), count: history });
      }
      await commitStaged(staged, gone);
    } catch (error) {
      if (!context.keepStageFile) await unstage(staged);
      throw error;
    }
    if (context.keepStageFile) await keepStaged(different);
    accept();
    for (const { wanted } of different) context.log('info', 'updated', { unit: unit.name, dest: wanted.dest });
    for (const dest of gone) context.log('info', 'removed', { unit: unit.name, dest });
    return { ...none, outcome: 'committed', owed: { digest, confirm } };
  } catch (thrown) {
    return { outcome: 'failed', steps, error: asStageError('commit', thrown), diagnostics, owed: null };
  }
}

/** A rename takes the staged file away: it is put there again, for whoever wants to look at it. */
async function keepStaged(files: readonly Compared[]): Promise<void> {
  for (const { wanted, live } of files) await stageFile(wanted, live, () => undefined);
}
