#!/usr/bin/env node
// Feeds malformed and hostile values to birdconfd and judges what comes out with the real BIRD; exit 1 when something is found.
//   npm run fuzz [-- --seed N --values N --seconds N]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { commonjsNames } from './bundle-plugins.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    values: { type: 'string', default: '200000' },
    seconds: { type: 'string' },
  },
});
const positive = (name, text) => {
  if (!/^\d+$/.test(text) || Number(text) === 0) throw new Error(`--${name}: "${text}" is not a positive number`);
  return Number(text);
};
const seed = positive('seed', options.seed);
const values = positive('values', options.values);
const seconds = options.seconds === undefined ? Number.POSITIVE_INFINITY : positive('seconds', options.seconds);
const command = `npm run fuzz -- --seed ${seed} --values ${values}`;

/** The fuzzer's exports; Node 20 runs no TypeScript, so it is bundled first. */
async function loadFuzzer(dir) {
  await build({
    absWorkingDir: root,
    stdin: {
      contents: "export { fuzz } from './test/fuzz/fuzz.ts'; export { showReport } from './test/fuzz/show-report.ts';",
      resolveDir: root,
    },
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    define: { BIRDCONFD_VERSION: '"fuzz"' },
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module';\nconst require = $createRequire(import.meta.url);",
    },
    logLevel: 'warning',
    plugins: [commonjsNames],
  });
  return import(pathToFileURL(join(dir, 'stdin.mjs')).href);
}

const dir = mkdtempSync(join(tmpdir(), 'birdconfd-fuzz-'));
console.log(`seed ${seed}: ${command}`);
try {
  const { fuzz, showReport } = await loadFuzzer(dir);
  const onProgress = (count) => process.stdout.isTTY && process.stdout.write(`\r${count} of ${values}\r`);
  const report = await fuzz({ root, seed, values, seconds, onProgress });
  console.log(showReport(report));
  if (report.findings.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (process.exitCode) console.log(`again with: ${command}`);
