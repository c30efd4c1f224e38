import { printable } from '../core/diagnostic.ts';
import type { LiveFile, OutputFile } from './output-file.ts';
import { NEW_MODE } from './stage.ts';

const octal = (mode: number): string => `0${mode.toString(8)}`;

const WORLD_READS = 0o004;

/** The mode for which a file's text is nobody's business; null when everybody on the machine may read it, before and after. */
function privateMode({ mode }: OutputFile, live: LiveFile | null): number | null {
  const modes = [mode ?? live?.mode ?? NEW_MODE, live?.mode ?? NEW_MODE];
  return modes.find((one) => (one & WORLD_READS) === 0) ?? null;
}

/** Values come from whoever writes the store: they must not steer the terminal of who looks. */
const harmless = (patch: string): string =>
  patch
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n');

/**
 * What would become another at a target, for people: a unified diff, and mode and owner where these were stated and differ. Of a file that
 * not everybody may read it says only how much would change, as the diff goes to logs and terminals that others see; `showSecrets`: all of it.
 */
export async function textDiff(
  wanted: OutputFile,
  live: LiveFile | null,
  { showSecrets }: { readonly showSecrets: boolean },
): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  const { dest, text, mode, uid, gid } = wanted;
  const before = live ? dest : '/dev/null';
  const patch =
    text === live?.text
      ? ''
      : createTwoFilesPatch(before, dest, live?.text ?? '', text, undefined, undefined, { context: 3 });
  const hidden = showSecrets ? null : privateMode(wanted, live);
  const facts = [
    live && mode !== null && mode !== live.mode ? `${dest}: mode ${octal(live.mode)} would be ${octal(mode)}\n` : '',
    live && uid !== null && uid !== live.uid ? `${dest}: uid ${live.uid} would be ${uid}\n` : '',
    live && gid !== null && gid !== live.gid ? `${dest}: gid ${live.gid} would be ${gid}\n` : '',
  ];
  const shown = hidden === null || patch === '' ? harmless(patch.replace(/^=+\n/, '')) : summary(dest, patch, hidden);
  return shown + facts.join('');
}

function summary(dest: string, patch: string, mode: number): string {
  const lines = patch.split('\n').filter((line) => !/^(?:\+\+\+|---) /.test(line));
  const count = (mark: string) => lines.filter((line) => line.startsWith(mark)).length;
  const what = `${count('-')} lines would go and ${count('+')} come`;
  return `${dest}: ${what}; they are not shown, as mode ${octal(mode)} keeps them from others (-show-secrets)\n`;
}
