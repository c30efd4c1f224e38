import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { actionsOf, sessionsOf } from './meaning.ts';
import { IGNORED_FIELDS, readIfThere, releaseCases, renderCase } from './releases.ts';

/** Cases whose meaning differs on purpose, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  ...IGNORED_FIELDS,
  'v3.28/service-cidrs': 'single addresses of serviceExternalIPs are static routes before 3.30',
  'v3.28/service-cidrs-empty-entry': 'one empty entry empties the whole list before 3.29',
};

const cases = releaseCases();
for (const release of new Set(cases.map((each) => each.release))) {
  describe(`the meaning of Calico ${release}`, () => {
    for (const { name, dir } of cases.filter((each) => each.release === release)) {
      const reason = EXCEPTIONS[`${release}/${name}`];
      const test = reason ? it.fails : it;
      test(reason ? `${name} differs: ${reason}` : name, async () => {
        const ours = await renderCase(dir);
        const expected = join(dir, 'expected');
        for (const daemon of ['bird', 'bird6']) {
          const [mine, theirs] = [ours, expected].map((folder) => sessionsOf(readIfThere(folder, `${daemon}.cfg`)));
          expect(mine).toEqual(theirs);
          for (const filter of [/^filter calico_kernel_programming/, /^function calico_export_to_bgp_peers/]) {
            const [done, wanted] = [ours, expected].map((folder) =>
              actionsOf(readIfThere(folder, `${daemon}_ipam.cfg`), filter),
            );
            expect(done).toEqual(wanted);
          }
        }
      });
    }
  });
}

it.skipIf(cases.length === 0)('has the cases of three releases', () => {
  expect(new Set(cases.map(({ release }) => release)).size).toBe(3);
});
