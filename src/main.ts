import { basename } from 'node:path';
import { runProgram } from './cli/program.ts';

/** Called as `confd`, this package's other bin: its generic mode is not built yet, and it must not be taken for it. */
function calledAsConfd(): boolean {
  return basename(process.argv[1] ?? '') === 'confd';
}

if (calledAsConfd()) {
  process.stderr.write('confd: the generic mode of birdconfd is not built in this version; use birdconfd for BIRD\n');
  process.exit(1);
}
process.exit(await runProgram(process.argv.slice(2)));
