import nodeModule from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const argv = process.argv.slice(2);
/** Called as `confd`, this package's other bin, all words are generic mode's; else those after `confd`. */
const generic = basename(process.argv[1] ?? '') === 'confd' ? argv : argv[0] === 'confd' ? argv.slice(1) : null;

// Loaded once compiled code is kept, so that it comes from there.
async function run(): Promise<number> {
  if (generic) return (await import('./cli/confd.ts')).confdVerb(generic);
  return (await import('./cli/program.ts')).runProgram(argv);
}

/**
 * From Node 22 on V8's code is kept from run to run. Beside our own code, not in a shared folder for temporary files as Node does by itself:
 * who can write here can change what runs anyway. Where the folder cannot be written, nothing is kept.
 */
function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(fileURLToPath(new URL('.compile-cache', import.meta.url)));
}

/**
 * V8 optimizes a function that has run for a while, which pays for itself in loops. Most of ours run a few hundred times and are done, and
 * compiling them cost a third of a run: they get thirty times as long before that. Later versions of Node do not know this flag, and say so.
 */
function optimizeLater(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=2000000');
}

optimizeLater();
keepCompiledCode();
process.exit(await run());
