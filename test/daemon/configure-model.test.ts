import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BirdSession, withBirdSocket } from '../../src/bird/control-socket.ts';
import { readProtocols } from '../../src/bird/protocol-table.ts';
import { lastText } from '../../src/bird/replies.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';
import { apply, boot, type Command, type Disk, type ModelBird } from './configure-model.ts';

interface Step {
  readonly command: Command;
  readonly disk: Disk;
}

const DISKS: readonly Disk[] = ['alpha', 'beta', null];
const ALL: readonly Step[] = [
  ...DISKS.flatMap((disk) => [
    { command: 'configure' as const, disk },
    { command: 'configure timeout' as const, disk },
  ]),
  { command: 'configure confirm', disk: null },
  { command: 'configure undo', disk: null },
];

/** Routes that BIRD takes many turns of its loop to forget, so that it can be spoken to while it is at it. */
const MANY = Array.from({ length: 40_000 }, (_, i) => `route 20.${i >> 8}.${i & 255}.0/24 blackhole;\n`).join('');
const textOf = (disk: Disk): string =>
  disk === null
    ? 'nonsense;\n'
    : `router id 10.0.0.1;\nprotocol device { }\nprotocol static ${disk} { ${disk === 'many' ? MANY : ''} }\n`;

/** A shortest cycle in which every sequence of `length` numbers below `count` occurs. */
function everySequence(count: number, length: number): readonly number[] {
  const word = new Array<number>(count * length).fill(0);
  const found: number[] = [];
  const extend = (at: number, period: number): void => {
    if (at > length) {
      if (length % period === 0) found.push(...word.slice(1, period + 1));
      return;
    }
    word[at] = word[at - period]!;
    extend(at + 1, period);
    for (let next = word[at - period]! + 1; next < count; next++) {
      word[at] = next;
      extend(at + 1, at);
    }
  };
  extend(1, 1);
  return [...found, ...found.slice(0, length - 1)];
}

/** Numbers that a seed decides. */
function* randomNumbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe('the model of what BIRD does when it is asked to configure', () => {
  let bird: TestBird | undefined;
  let model: ModelBird;
  let inFile: Disk;
  let trail: string[];

  const started = async (disk: string) => {
    await bird?.stop();
    bird = await startBird(textOf(disk));
    [model, inFile, trail] = [boot(disk), disk, []];
  };
  beforeEach(() => started('alpha'));
  afterEach(() => bird?.stop());

  const talk = <T>(use: (session: BirdSession) => Promise<T>) =>
    withBirdSocket(bird!.socket, { signal: new AbortController().signal, timeoutMs: 20_000 }, use);
  const isUp = async (session: BirdSession) =>
    lastText(await session.command('show status')) === 'Daemon is up and running';
  const runs = async (session: BirdSession) => {
    const rows = readProtocols(await session.command('show protocols all'));
    return rows.find(({ type }) => type === 'Static')?.name;
  };
  const write = async (disk: Disk) => {
    if (disk !== inFile) await bird!.writeConfig(textOf(disk));
    inFile = disk;
  };
  const told = async (session: BirdSession, { command, disk }: Step, seconds = 300) => {
    trail.push(`${command} (${disk ?? 'refused'})`);
    const applied = apply(model, command, disk);
    model = applied.bird;
    const { code } = await session.command(command === 'configure timeout' ? `${command} ${seconds}` : command);
    expect(code, trail.slice(-6).join(', ')).toBe(applied.code);
  };
  const settled = async (session: BirdSession) => {
    while (!(await isUp(session)));
    while (model.busy) model = apply(model, 'settle', null).bird;
    expect(await runs(session), trail.slice(-6).join(', ')).toBe(model.running);
  };
  const step = async (session: BirdSession, next: Step, seconds = 300) => {
    if (next.command === 'configure' || next.command === 'configure timeout') await write(next.disk);
    await told(session, next, seconds);
    await settled(session);
  };

  it('holds for every sequence of four commands over two files and a broken one', { timeout: 120_000 }, async () => {
    const sequence = everySequence(ALL.length, 4);
    expect(new Set(sequence.slice(3).map((_, i) => sequence.slice(i, i + 4).join()))).toHaveProperty(
      'size',
      ALL.length ** 4,
    );
    await talk(async (session) => {
      for (const i of sequence) await step(session, ALL[i]!);
    });
  });

  it('holds for every pair of commands to a BIRD that has just started', { timeout: 120_000 }, async () => {
    for (const one of ALL) {
      for (const other of ALL) {
        await started('alpha');
        await talk(async (session) => {
          await step(session, one);
          await step(session, other);
        });
      }
    }
    expect.hasAssertions();
  });

  it.each([1, 2, 3])(
    'holds for a long random sequence over three files, seed %i',
    { timeout: 60_000 },
    async (seed) => {
      const numbers = randomNumbers(seed);
      const steps = [
        ...ALL,
        { command: 'configure' as const, disk: 'gamma' },
        { command: 'configure timeout' as const, disk: 'gamma' },
      ];
      await talk(async (session) => {
        for (let i = 0; i < 300; i++) await step(session, steps[Math.floor(numbers.next().value! * steps.length)]!);
      });
      expect.hasAssertions();
    },
  );

  const configure = (disk: Disk): Step => ({ command: 'configure', disk });
  const timeout = (disk: Disk): Step => ({ command: 'configure timeout', disk });
  const confirm: Step = { command: 'configure confirm', disk: null };
  const undo: Step = { command: 'configure undo', disk: null };

  it.each([
    ['after which there is nothing to confirm and nothing to undo', [timeout('beta')], [confirm, undo]],
    [
      'of the second timer, to what the first began with in place',
      [timeout('beta'), timeout('gamma')],
      [confirm, undo],
    ],
    ['to the confirmed one', [configure('beta'), timeout('gamma')], [undo, confirm]],
    ['although a refused one came between', [timeout('beta'), timeout(null), configure(null)], [confirm]],
  ] as const)('holds for an undo by itself, %s', async (_what, before, after) => {
    await talk(async (session) => {
      for (const next of before) await step(session, next, 1);
      expect(model.timer).toBe(true);
      model = apply(model, 'expire', null).bird;
      trail.push('expire');
      await eventually(async () => expect(await runs(session)).toBe(model.running));
      await settled(session);
      for (const next of after) await step(session, next);
    });
  });

  it.each([
    ['a queued configuration', [configure('beta')]],
    ['one that takes the place of the queued one', [configure('beta'), configure('gamma')]],
    ['the same as the one on its way', [configure('alpha')]],
    ['an undo', [undo]],
    ['an undo that takes the queued one out', [configure('beta'), undo]],
    ['a second undo', [undo, undo]],
    ['a configuration that takes the place of a queued undo', [undo, configure('gamma')]],
    ['a timer, and the undo of it', [timeout('beta'), undo, confirm]],
    ['a timer that is confirmed before it begins', [timeout('beta'), confirm, undo]],
    ['a refused one', [configure(null), configure('beta'), configure(null)]],
  ] as const)('holds for a BIRD at work: %s', { timeout: 60_000 }, async (_what, steps) => {
    // BIRD may be ready sooner than it is spoken to: then once more.
    await eventually(
      async () => {
        await started('many');
        await talk(async (session) => {
          await write('alpha');
          await told(session, configure('alpha'));
          for (const next of steps) {
            if (next.command === 'configure' || next.command === 'configure timeout') await write(next.disk);
            await told(session, next);
          }
          await settled(session);
          await step(session, undo);
        });
      },
      { timeoutMs: 40_000 },
    );
  });

  it.each([
    ['never does what a client sent that was gone before it read it', true, 19, 'alpha'],
    ['does what another client sent before it hears the next one', false, 18, 'beta'],
  ] as const)('%s', async (_what, isGone, code, running) => {
    for (let i = 0; i < 5; i++) {
      await started('alpha');
      await write('beta');
      const other = connect(bird!.socket);
      await once(other, 'data');
      process.kill(bird!.pid, 'SIGSTOP');
      await new Promise<void>((sent) => other.write('configure timeout 300\n', () => sent()));
      if (isGone) other.destroy();
      const found = talk(async (session) => {
        const confirmed = (await session.command('configure confirm')).code;
        while (!(await isUp(session)));
        return {
          code: confirmed,
          running: await runs(session),
          again: (await session.command('configure confirm')).code,
        };
      });
      process.kill(bird!.pid, 'SIGCONT');
      expect(await found).toEqual({ code, running, again: 19 });
      other.destroy();
    }
  });
});
