import { chmod, chown, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupBench } from './group-bench.ts';

const isRoot = process.geteuid?.() === 0;
/** Mode, uid and gid. */
const facts = async (path: string) => {
  const { mode, uid, gid } = await stat(path);
  return [(mode & 0o7777).toString(8), uid, gid];
};
const RELOAD = 'reload_cmd = "echo r >> DIR/reloads; test ! -e DIR/broken"';

describe('mode and owner', () => {
  it('gives a new file 0644, and leaves one that is there its mode, where none is stated', async () => {
    const bench = await groupBench({ one: '' }, { '/v': '1' });
    await bench.pass();
    expect((await facts(bench.at('out/one')))[0]).toBe('644');
    await chmod(bench.at('out/one'), 0o600);
    bench.store.put('/v', '2');
    await bench.pass();
    expect(await bench.text('out/one')).toBe('v=2\n');
    expect((await facts(bench.at('out/one')))[0]).toBe('600');
  });

  it('puts a stated mode right although the text is the same, and that is a change that the service is told of', async () => {
    const bench = await groupBench({ one: `mode = "0640"\n${RELOAD}` }, { '/v': '1' });
    await bench.pass();
    await chmod(bench.at('out/one'), 0o666);
    expect((await bench.units()).one?.outcome).toBe('confirmed');
    expect((await facts(bench.at('out/one')))[0]).toBe('640');
    expect(await bench.lines('reloads')).toHaveLength(2);
  });

  it.runIf(isRoot)(
    'takes owners by name, by number as a name, and by uid and gid; a name counts before a number',
    async () => {
      const bench = await groupBench(
        {
          name: 'owner = "daemon"\ngroup = "bin"',
          text: 'owner = "1234"\ngroup = "5678"',
          id: 'uid = 12\ngid = 34',
          both: 'owner = "daemon"\nuid = 99',
        },
        { '/v': '1' },
      );
      await bench.pass();
      const found = await Promise.all(['name', 'text', 'id', 'both'].map((name) => facts(bench.at('out', name))));
      expect(found.map(([, uid, gid]) => [uid, gid])).toEqual([
        [1, 2],
        [1234, 5678],
        [12, 34],
        [1, 0],
      ]);
    },
  );

  it.runIf(isRoot)('leaves an owner alone that is not stated until it writes, and puts one right that is', async () => {
    const bench = await groupBench({ any: RELOAD, own: 'uid = 12' }, { '/v': '1' });
    await bench.pass();
    await chown(bench.at('out/any'), 77, 77);
    await chown(bench.at('out/own'), 77, 77);
    await bench.pass();
    expect([await facts(bench.at('out/any')), await facts(bench.at('out/own'))]).toEqual([
      ['644', 77, 77],
      ['644', 12, 0],
    ]);
    expect(await bench.lines('reloads')).toHaveLength(1);
  });

  it('names the resource of a user or group that nobody knows, and keeps the others going', async () => {
    const bench = await groupBench(
      { bad: 'owner = "no-such-user"', worse: 'group = "no-such-group"', good: '' },
      { '/v': '1' },
    );
    const { bad, worse, good } = await bench.units();
    expect(bad?.error).toMatchObject({ stage: 'commit', code: 'no-such-owner', retryable: false });
    expect(bad?.error?.message).toMatch(/template resource bad \(.*bad\.toml\): .*"no-such-user"/);
    expect(worse?.error?.message).toMatch(/template resource worse .*\/etc\/group.*"no-such-group"/);
    expect(good?.outcome).toBe('confirmed');
    expect(await bench.names('out')).toEqual(['good']);
  });
});

describe('commands', () => {
  it('name the staged file and the target: src is the staged one for the check, and the target for the reload', async () => {
    const bench = await groupBench(
      {
        one: `check_cmd = "cat {{.src}} > DIR/seen; echo {{ .src }} {{.dest}} > DIR/check; test ! -e {{.dest}}"\nreload_cmd = "echo {{.src}} {{ .dest }} > DIR/reload"`,
      },
      { '/v': '1' },
    );
    await bench.pass();
    const [src, dest] = (await bench.lines('check'))[0]!.split(' ');
    expect(dest).toBe(bench.at('out/one'));
    expect(src).toMatch(/\/out\/\.one\d+$/);
    expect(await bench.text('seen')).toBe('v=1\n');
    expect(await bench.lines('reload')).toEqual([`${dest} ${dest}`]);
    expect(await bench.names('out')).toEqual(['one']);
  });

  it('are one for each target where they name it, also within one unit', async () => {
    const unit = 'group_unit = "u"\nreload_cmd = "echo {{.dest}} >> DIR/reloads"';
    const bench = await groupBench({ one: unit, two: unit }, { '/v': '1' });
    await bench.pass();
    expect(await bench.lines('reloads')).toEqual([bench.at('out/one'), bench.at('out/two')]);
  });

  it('are not run with -sync-only, and nothing is owed for it', async () => {
    const lines = `check_cmd = "false"\n${RELOAD}`;
    const bench = await groupBench({ one: lines }, { '/v': '1' }, { syncOnly: true });
    expect((await bench.units()).one?.outcome).toBe('confirmed');
    expect([await bench.text('out/one'), await bench.lines('reloads')]).toEqual(['v=1\n', []]);
    const later = await groupBench({ one: lines }, { '/v': '1' }, { dir: bench.dir });
    expect((await later.units()).one?.outcome).toBe('unchanged');
    expect(await bench.lines('reloads')).toEqual([]);
  });

  it('leave the staged file with -keep-stage-file, after a success and after a refusal', async () => {
    const bench = await groupBench(
      { one: 'check_cmd = "! grep bad {{.src}}"' },
      { '/v': '1' },
      { keepStageFile: true },
    );
    await bench.pass();
    const staged = (await bench.names('out')).find((name) => name.startsWith('.one'));
    expect(await bench.text(`out/${staged}`)).toBe('v=1\n');
    bench.store.put('/v', 'bad');
    expect((await bench.units()).one?.error).toMatchObject({ stage: 'check', code: 'command-failed' });
    expect([await bench.text('out/one'), await bench.text(`out/${staged}`)]).toEqual(['v=1\n', 'v=bad\n']);
  });
});

describe('group_unit', () => {
  const unit = `group_unit = "web"\n${RELOAD}`;

  it('puts all of its files into place, then reloads once', async () => {
    const bench = await groupBench({ one: unit, two: unit, three: unit }, { '/v': '1' });
    expect(Object.keys(await bench.units())).toEqual(['unit web']);
    expect(await bench.names('out')).toEqual(['one', 'three', 'two']);
    expect(await bench.lines('reloads')).toHaveLength(1);
    bench.store.put('/v', '2');
    await bench.pass();
    expect(await bench.lines('reloads')).toHaveLength(2);
  });

  it('lets none of them live when one is refused, and has each check see all of them staged', async () => {
    const sees = `check_cmd = "ls DIR/out/.one* DIR/out/.two*"`;
    const bench = await groupBench(
      { one: `${unit}\n${sees}`, two: `${unit}\ncheck_cmd = "! grep 2 {{.src}}"` },
      { '/v': '1' },
    );
    await bench.pass();
    bench.store.put('/v', '2');
    const report = (await bench.units())['unit web'];
    expect(report?.error?.message).toMatch(/template resource two .*two stays as it is.*: \/v$/s);
    expect([await bench.text('out/one'), await bench.text('out/two')]).toEqual(['v=1\n', 'v=1\n']);
    expect([await bench.names('out'), await bench.lines('reloads')]).toEqual([['one', 'two'], ['r']]);
  });

  it('owes its reload as a whole until it is done', async () => {
    const bench = await groupBench({ one: unit, two: unit }, { '/v': '1' });
    await writeFile(bench.at('broken'), '');
    expect((await bench.units())['unit web']).toMatchObject({
      outcome: 'owed',
      error: { stage: 'reload', retryable: true },
    });
    await rm(bench.at('broken'));
    expect((await bench.units())['unit web']).toMatchObject({ outcome: 'confirmed', error: null });
    expect((await bench.units())['unit web']?.outcome).toBe('unchanged');
    expect(await bench.lines('reloads')).toHaveLength(2);
  });
});

it('runs one reload_cmd once for all resources that have it, and another by itself', async () => {
  const bench = await groupBench(
    { one: RELOAD, two: RELOAD, other: 'reload_cmd = "echo o >> DIR/other"' },
    { '/v': '1' },
  );
  await bench.pass();
  expect([await bench.lines('reloads'), await bench.lines('other')]).toEqual([['r'], ['o']]);
});

describe('guard', () => {
  it('leaves the target as it is while too few keys match, and says which glob', async () => {
    const peers = 'keys = ["/"]\nguard.min_matches = {"/peers/*" = 2}';
    const bench = await groupBench({ one: peers }, { '/v': '1', '/peers/a': '1', '/peers/b': '2' });
    await bench.pass();
    bench.store.put('/v', '2');
    bench.store.delete('/peers/b');
    const report = (await bench.units()).one;
    expect(report?.error).toMatchObject({ stage: 'render', code: 'guard', retryable: false });
    expect(report?.error?.message).toContain('there are 1 keys that match /peers/*, and guard.min_matches wants 2');
    expect(await bench.text('out/one')).toBe('v=1\n');
    bench.store.put('/peers/c', '3');
    await bench.pass();
    expect(await bench.text('out/one')).toBe('v=2\n');
  });

  it('empties no target that has content unless it may, and lets a first one be empty', async () => {
    const bench = await groupBench({ one: 'guard.allow_empty = false', two: '' }, {});
    await bench.pass();
    expect(await bench.text('out/one')).toBe('v=none\n');
    bench.store.put('/v', '1');
    await bench.pass();
    bench.store.delete('/v');
    expect((await bench.units()).one?.error?.message).toContain(
      'no key is there any more, and guard.allow_empty is false',
    );
    expect([await bench.text('out/one'), await bench.text('out/two')]).toEqual(['v=1\n', 'v=none\n']);
  });
});

describe('for_each', () => {
  const sites = `src = "site"\ndest = "DIR/out/{{name}}.conf"\nfor_each = "/sites/*"\n${RELOAD}`;
  const site = (bench: { template(name: string, text: string): Promise<void> }) =>
    bench.template('site', '{{name}} {{key}} {{getv (printf "/sites/%s/host" name)}}\n');

  it('makes a file for each folder that matches, takes away those of vanished keys, and reloads once for all', async () => {
    const values = { '/sites/a/host': 'ha', '/sites/b/host': 'hb', '/sites/c/host': 'hc' };
    const bench = await groupBench({ sites }, values);
    await site(bench);
    await bench.pass();
    expect(await bench.names('out')).toEqual(['a.conf', 'b.conf', 'c.conf']);
    expect(await bench.text('out/b.conf')).toBe('b /sites/b hb\n');
    bench.store.delete('/sites/b/host');
    await bench.pass();
    expect(await bench.names('out')).toEqual(['a.conf', 'c.conf']);
    expect(await bench.lines('reloads')).toEqual(['r', 'r']);
  });

  it('takes away what an earlier process made, and nothing that it did not make', async () => {
    const bench = await groupBench({ sites }, { '/sites/a/host': 'ha', '/sites/b/host': 'hb' });
    await site(bench);
    await bench.pass();
    await writeFile(bench.at('out/mine.conf'), 'mine\n');
    const later = await groupBench({ sites }, { '/sites/a/host': 'ha' }, { dir: bench.dir });
    await site(later);
    await later.pass();
    expect(await bench.names('out')).toEqual(['a.conf', 'mine.conf']);
  });

  it('leaves out a name that cannot be part of a path or command, and says so', async () => {
    const bench = await groupBench(
      { sites },
      { '/sites/a/host': 'ha', '/sites/$(id)/host': 'x', '/sites/.h/host': 'x' },
    );
    await site(bench);
    const { diagnostics } = (await bench.units()).sites!;
    expect(diagnostics.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
      ['invalid-name', '/sites/$(id)'],
      ['invalid-name', '/sites/.h'],
    ]);
    expect(await bench.names('out')).toEqual(['a.conf']);
  });
});

it('keeps as many earlier versions as history says, the newest, for its own user only', async () => {
  const bench = await groupBench({ one: 'history = 2', two: '' }, { '/v': '1' });
  for (const value of ['1', '2', '3', '4']) {
    bench.store.put('/v', value);
    await bench.pass();
    await bench.clock.advance(1_000);
  }
  const [folder, ...others] = await readdir(bench.at('state/history'));
  expect(others).toEqual([]);
  const kept = (await readdir(bench.at('state/history', folder!))).sort();
  const texts = await Promise.all(kept.map((name) => bench.text(join('state/history', folder!, name))));
  expect(texts).toEqual(['v=2\n', 'v=3\n']);
  expect((await facts(bench.at('state/history', folder!, kept[0]!)))[0]).toBe('600');
});

describe('a unit with a BIRD', () => {
  const bird = 'reload_mode = "bird"\nbird_socket = "DIR/bird.ctl"\ngroup_unit = "b"';

  it.each([
    ['a second reload', { bird, acl: 'group_unit = "b"\nreload_cmd = "x"' }, /group_unit.*BIRD is told by bird/],
    [
      'a file elsewhere',
      { bird, acl: 'group_unit = "b"\ndest = "DIR/acl"' },
      /all files of a group_unit lie in one folder/,
    ],
  ])('is left out with %s', async (_, resources, why) => {
    const bench = await groupBench({ ...resources, good: '' } as Record<string, string>, { '/v': '1' });
    await bench.pass();
    expect(bench.faults().join()).toMatch(why);
    expect(await bench.names('out')).toEqual(['good']);
  });
});
