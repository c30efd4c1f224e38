import { claimStateDir } from '../../src/control/claim.ts';

/** A process of its own that tries to claim argv[2] at every line on standard input, and says what came of it. */
const [, , stateDir = ''] = process.argv;
process.stdout.write('loaded\n');
process.stdin.on('data', async () => {
  try {
    await claimStateDir(stateDir, { askMs: 20_000 });
    process.stdout.write('won\n');
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
  }
});
