import type { LiveFile, OutputFile } from './output-file.ts';

const octal = (mode: number): string => `0${mode.toString(8)}`;

/** What would become another at a target, for people: a unified diff, and mode and owner where these were stated and differ. */
export async function textDiff(wanted: OutputFile, live: LiveFile | null): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  const { dest, text, mode, uid, gid } = wanted;
  const before = live ? dest : '/dev/null';
  const patch =
    text === live?.text
      ? ''
      : createTwoFilesPatch(before, dest, live?.text ?? '', text, undefined, undefined, { context: 3 });
  const facts = [
    live && mode !== null && mode !== live.mode ? `${dest}: mode ${octal(live.mode)} would be ${octal(mode)}\n` : '',
    live && uid !== null && uid !== live.uid ? `${dest}: uid ${live.uid} would be ${uid}\n` : '',
    live && gid !== null && gid !== live.gid ? `${dest}: gid ${live.gid} would be ${gid}\n` : '',
  ];
  return patch.replace(/^=+\n/, '') + facts.join('');
}
