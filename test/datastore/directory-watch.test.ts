import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DirectoryWatch } from '../../src/datastore/directory-watch.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

/** A watch that follows nothing yet, and what it takes to see that it hears. */
function watching() {
  let events = 0;
  const watch = new DirectoryWatch({ onEvent: () => events++, clock: systemClock });
  onTestFinished(() => watch.close());
  const hears = async (change: () => Promise<unknown>) => {
    const before = events;
    await change();
    await eventually(() => expect(events).toBeGreaterThan(before));
  };
  return {
    watch,
    hears,
    /** A link comes and goes there, three times: one event each. */
    hearsLinksAt: async (link: string) => {
      onTestFinished(() => rm(link, { force: true }));
      for (let round = 0; round < 3; round++) {
        await hears(() => symlink('nowhere', link));
        await hears(() => rm(link));
      }
    },
  };
}

// As in containers, where `/data` is what is given: the directory above it is the root.
describe.skipIf(process.getuid?.() !== 0)('a watch on the root and on what stands in it', () => {
  it.each(['the root', 'what stands in it'])('hears of every change in %s', async (where) => {
    const folder = await temporaryFolder('/');
    const link = where === 'the root' ? `${folder}.link` : join(folder, 'link');
    const { watch, hearsLinksAt } = watching();
    await watch.follow(
      new Map([
        ['/', new Set([basename(folder), basename(link)])],
        [folder, null],
      ]),
    );
    expect(watch.fault).toBeNull();
    await hearsLinksAt(link);
  });
});

it('hears in a directory that was made anew, also while another watch holds on to the one before', async () => {
  const above = await temporaryFolder();
  const folder = join(above, 'given');
  await mkdir(folder);
  const directories = new Map([
    [above, null],
    [folder, null],
  ]);
  const [one, other] = [watching(), watching()];
  await one.watch.follow(directories);
  await other.watch.follow(directories);
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  // The other one is told in any case, so that it looks and follows as well.
  await other.hears(() => one.watch.follow(directories));
  await one.hearsLinksAt(join(folder, 'link'));
  await other.watch.follow(directories);
  await other.hearsLinksAt(join(folder, 'link'));
  await one.hearsLinksAt(join(folder, 'link'));
});
