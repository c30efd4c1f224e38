import { startVitest } from 'vitest/node';
import { becomeRoot } from './become-root.mjs';

/** Runs one file of test/ that is no part of any tier, with what it is given, as root in namespaces of its own; `headline` says how again. */
export async function runByHand(file, given, headline) {
  if (!(await becomeRoot())) return;
  console.log(headline);
  const vitest = await startVitest('test', [], {
    include: [file],
    provide: given,
    watch: false,
    testTimeout: 0,
    disableConsoleIntercept: true,
  });
  await vitest.close();
}
