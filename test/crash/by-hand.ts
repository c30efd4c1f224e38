import { expect, inject, it } from 'vitest';
import { type CrashReport, crash } from './crash.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly crash: {
      readonly kills: number;
      readonly seed: number;
      readonly layouts: readonly ('single' | 'calico')[];
    };
  }
}

const { kills, seed, layouts } = inject('crash');
const PROGRESS_EVERY = 10;

const counts = (all: Readonly<Record<string, number>>) =>
  Object.entries(all)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');

function tell(layout: string, report: CrashReport): void {
  console.log(
    `${layout}: ${report.kills} of ${kills} kills, ${report.generations} generations, ${report.violations.length} violations; ` +
      `killed at ${counts(report.states)}`,
  );
}

/** The violations that are new since the last call. */
function tellViolations(report: CrashReport, told: number): number {
  for (const violation of report.violations.slice(told)) console.log(violation);
  return report.violations.length;
}

it.each(layouts)('layout %s', async (layout) => {
  let told = 0;
  const report = await crash({
    layout,
    kills,
    seed,
    onKill: (soFar) => {
      if (soFar.kills % PROGRESS_EVERY === 0) tell(layout, soFar);
      told = tellViolations(soFar, told);
    },
  });
  tellViolations(report, told);
  tell(layout, report);
  console.log(`${layout}: the kills waited for ${counts(report.triggers)}; after ${report.mixtures} the files were a mixture,
  after ${report.behind} BIRD ran the generation before; ${report.looks} looks at the disk before a command, ${report.settled} times all had converged
again: npm run crash -- ${kills} --seed ${seed} --layout ${layout}`);
  expect(report.violations.length, 'violations').toBe(0);
});
