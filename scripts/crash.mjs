#!/usr/bin/env node
// Kills birdconfd at random instants while its data change, and looks whether files and BIRD are what they should be.
//   node scripts/crash.mjs [KILLS] [--seed N] [--layout single|calico]      KILLS of each layout (200); exit 1 after a violation
import { parseArgs } from 'node:util';
import { runByHand } from './lab/run-by-hand.mjs';

const usage = 'usage: npm run crash -- [KILLS] [--seed N] [--layout single|calico]';

function readArguments() {
  const options = { seed: { type: 'string', default: String(Date.now() % 1e9) }, layout: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [kills = '200', ...more] = positionals;
  const layouts = values.layout === undefined ? ['single', 'calico'] : [values.layout];
  if (more.length > 0 || ![kills, values.seed].every((text) => /^\d{1,9}$/.test(text))) throw new Error(usage);
  if (!layouts.every((layout) => ['single', 'calico'].includes(layout))) throw new Error(usage);
  return { kills: Number(kills), seed: Number(values.seed), layouts };
}

try {
  const crash = readArguments();
  await runByHand(
    'test/crash/by-hand.ts',
    { crash },
    `${crash.kills} kills of each layout (${crash.layouts.join(', ')}), seed ${crash.seed}`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
