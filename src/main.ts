import nodeModule from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Called as `confd`, this package's other bin: its generic mode is not built yet, and it must not be taken for it. */
function calledAsConfd(): boolean {
  return basename(process.argv[1] ?? '') === 'confd';
}

/**
 * From Node 22 on V8's code is kept from run to run. Beside our own code, not in a shared folder for temporary files as Node does by itself:
 * who can write here can change what runs anyway. Where the folder cannot be written, nothing is kept.
 */
function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(fileURLToPath(new URL('.compile-cache', import.meta.url)));
}

if (calledAsConfd()) {
  process.stderr.write('confd: the generic mode of birdconfd is not built in this version; use birdconfd for BIRD\n');
  process.exit(1);
}
keepCompiledCode();
// Only now, so that what it loads comes from there.
const { runProgram } = await import('./cli/program.ts');
process.exit(await runProgram(process.argv.slice(2)));
