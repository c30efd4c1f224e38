import { expect, inject, it } from 'vitest';
import { soak } from './soak.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly soak: { readonly minutes: number; readonly seed: number };
  }
}

const MOST_GROWTH = 1.1;

it('soak', async () => {
  const { minutes, seed } = inject('soak');
  const report = await soak({ minutes, seed, tell: console.log });
  const { rss, seconds, lost, complaints } = report;
  for (const line of [...lost, ...complaints]) console.log(line);
  console.log(`${report.writes} writes in ${seconds.all.toFixed(0)} s; etcd restarted ${report.etcdRestarts} times, then compacted
  ${report.compactions} times; BIRD restarted ${report.birdRestarts} times; birdconfd ended ${report.ended} times
RSS ${rss.warm.toFixed(1)} MiB after ${Math.min(5, minutes / 2)} minutes, ${rss.end.toFixed(1)} MiB at the end: ${((rss.end / rss.warm - 1) * 100).toFixed(1)} %
lost changes or sessions at ${lost.length} of ${report.checkpoints} checkpoints; ${complaints.length} unhandled errors in the log
BIRD was not what the data said for ${seconds.differing.toFixed(0)} s, ${seconds.longestBehind.toFixed(1)} s at most behind a change
again: npm run soak -- ${minutes}m --seed ${seed}`);
  expect({ lost, complaints, ended: report.ended }).toEqual({ lost: [], complaints: [], ended: 0 });
  expect(rss.end / rss.warm).toBeLessThan(MOST_GROWTH);
});
