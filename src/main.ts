import { basename } from 'node:path';

const argv = process.argv.slice(2);
/** Called as `confd`, this package's other bin, all words are generic mode's; else those after `confd`. */
const generic = basename(process.argv[1] ?? '') === 'confd' ? argv : argv[0] === 'confd' ? argv.slice(1) : null;

async function run(): Promise<number> {
  if (generic) return (await import('./cli/confd.ts')).confdVerb(generic);
  return (await import('./cli/program.ts')).runProgram(argv);
}

process.exit(await run());
