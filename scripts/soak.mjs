#!/usr/bin/env node
// Runs birdconfd under continuous change, with etcd and BIRD restarted at random, and looks what is lost and what grows.
//   node scripts/soak.mjs [TIME] [--seed N]      TIME as 30m or 90s (30m); exit 1 when something was lost, or memory grew by 10 %
import { parseArgs } from 'node:util';
import { runByHand } from './lab/run-by-hand.mjs';

const usage = 'usage: npm run soak -- [TIME, as 30m or 90s] [--seed N]';

function readArguments() {
  const options = { seed: { type: 'string', default: String(Date.now() % 1e9) } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [time = '30m', ...more] = positionals;
  const [, number, unit] = /^(\d{1,5})([smh])$/.exec(time) ?? [];
  if (more.length > 0 || number === undefined || !/^\d{1,9}$/.test(values.seed)) throw new Error(usage);
  return { minutes: Number(number) * { s: 1 / 60, m: 1, h: 60 }[unit], seed: Number(values.seed) };
}

try {
  const soak = readArguments();
  await runByHand('test/soak/by-hand.ts', { soak }, `${soak.minutes} minutes, seed ${soak.seed}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
