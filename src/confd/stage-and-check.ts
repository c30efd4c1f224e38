import { asStageError, StageError } from '../core/errors.ts';
import { runCommand } from './command.ts';
import { commandFor } from './command-text.ts';
import type { LiveFile, OutputFile } from './output-file.ts';
import type { PassContext } from './pass-context.ts';
import type { ResourceOutputs, ResourceRenderer } from './resource-renderer.ts';
import { type StagedFile, stageFile, unstage } from './stage.ts';

/** What a resource has come to in this pass. */
export interface Made {
  readonly renderer: ResourceRenderer;
  readonly outputs: ResourceOutputs;
}

/** Wanted beside what is there. */
export interface Compared {
  readonly made: Made;
  readonly wanted: OutputFile;
  readonly live: LiveFile | null;
}

/** A fault of one resource names it and its file, so that nobody has to guess which of fifty it was. */
export function named(error: StageError, { resource }: ResourceRenderer): StageError {
  const { stage, code, retryable } = error;
  const message = `template resource ${resource.name} (${resource.file}): ${error.message}`;
  return new StageError(stage, code, message, { retryable, cause: error });
}

/** Has the operator's command judge a staged file; what it refuses is told with the keys that have changed. */
async function check(one: StagedFile, { renderer, outputs }: Made, signal: AbortSignal): Promise<void> {
  const { checkCommand, checkTimeoutMs: timeoutMs } = renderer.resource;
  if (checkCommand === null) return;
  const command = commandFor(checkCommand, { src: one.path, dest: one.wanted.dest });
  try {
    await runCommand(command, { stage: 'check', timeoutMs, signal });
  } catch (thrown) {
    const error = asStageError('check', thrown);
    const changed = renderer.changedSince(outputs.entries);
    const { keys } = renderer.resource;
    const why =
      changed === null ? `keys: ${keys.join(', ')}` : `changed since it went live last: ${changed.join(', ')}`;
    const message = `${error.message}; ${one.wanted.dest} stays as it is; ${why}`;
    throw named(new StageError('check', error.code, message, { retryable: error.retryable, cause: error }), renderer);
  }
}

/**
 * Puts every file that differs beside its target, then has each judged: one may include another. What is refused, or cannot be staged,
 * leaves nothing behind (but with keepStageFile). Rejects with a StageError `commit` or `check` that names the resource.
 */
export async function stageAndCheck(
  different: readonly Compared[],
  context: PassContext,
  signal: AbortSignal,
): Promise<readonly StagedFile[]> {
  const staged: StagedFile[] = [];
  try {
    for (const { made, wanted, live } of different) {
      const staging = stageFile(wanted, live, (message) => context.log('warn', 'owner-denied', { message }));
      const one = await staging.catch((thrown: unknown) => {
        throw named(asStageError('commit', thrown), made.renderer);
      });
      staged.push(one);
    }
    if (!context.syncOnly) {
      for (const [i, one] of staged.entries()) await check(one, different[i]!.made, signal);
    }
    return staged;
  } catch (error) {
    if (!context.keepStageFile) await unstage(staged);
    throw error;
  }
}
