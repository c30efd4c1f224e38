import { UsageError } from '../core/errors.ts';
import { parseTime } from '../core/time-span.ts';
import { OPTIONS, type Option } from '../option-table.ts';
import { DAEMONS, wantsColour } from '../settings.ts';
import { type Call, JSON_FLAG, type Verb } from './verb.ts';

/** Those of the common options that decide where the service's state directory is. */
const WHERE: readonly Option[] = OPTIONS.filter(({ name }) =>
  ['state-dir', 'output', 'layout', 'config'].includes(name),
);
const SOCKETS: readonly Option[] = OPTIONS.filter(({ name }) => ['bird-socket', 'bird6-socket'].includes(name));
const TARGET: Option = { name: 'target', value: 'NAME', help: 'bird or bird6 alone; repeatable', many: true };

function targetsOf({ flags }: Call): readonly string[] {
  const targets = Array.isArray(flags.target) ? (flags.target as readonly string[]) : [];
  const odd = targets.find((target) => !(DAEMONS as readonly string[]).includes(target));
  if (odd !== undefined) throw new UsageError(`--target: expected ${DAEMONS.join(' or ')}, found "${odd}"`);
  return targets;
}

const WATCH_MS = 2_000;

function watchOf(flag: unknown): number | null {
  if (flag === undefined || flag === true) return flag === true ? WATCH_MS : null;
  const ms = parseTime(String(flag));
  if (ms === null || ms === 0) throw new UsageError(`--watch: expected a time such as 2s, found "${flag}"`);
  return ms;
}

function rulesOf(flag: unknown): 'all' | 'calico' {
  if (flag === true) return 'all';
  if (flag === 'calico') return 'calico';
  throw new UsageError(`--ready: expected nothing or calico, found "${flag}"`);
}

/** One that asks the service to do something: its path is its name. */
const operation = (
  name: string,
  summary: string,
  examples: readonly string[],
  more: {
    readonly own?: readonly Option[];
    readonly argument?: { readonly name: string; readonly help: string };
    readonly query?: (call: Call) => Readonly<Record<string, string>>;
  } = {},
): Verb => ({
  name,
  summary,
  ...(more.argument && { argument: more.argument }),
  own: [TARGET, ...(more.own ?? []), JSON_FLAG, ...WHERE],
  common: false,
  examples,
  run: async (call) => {
    const { operateVerb } = await import('./operate.ts');
    const query = { ...more.query?.(call) };
    return operateVerb(await call.settings(), {
      name,
      targets: targetsOf(call),
      query,
      json: call.flags.json === true,
    });
  },
});

/** The verbs that ask the running service, over the socket in its state directory. */
export const SERVICE_VERBS: readonly Verb[] = [
  {
    name: 'status',
    summary: "the running service's view and BIRD's sessions; BIRD's alone where no service runs",
    own: [
      JSON_FLAG,
      { name: 'watch', value: 'TIME', optional: true, help: 'show it again this often, until Ctrl-C (2s)' },
      {
        name: 'ready',
        value: 'RULES',
        optional: true,
        help: "only exit 0 when ready, else 1: for probes; calico: by Calico's own rules alone, without the service",
      },
      TARGET,
      ...WHERE,
      ...SOCKETS,
    ],
    common: false,
    examples: ['birdconfd status --watch', 'birdconfd status --ready', 'birdconfd status --ready=calico --target bird'],
    run: async (call) => {
      const { flags } = call;
      const targets = targetsOf(call);
      const { readyVerb, statusVerb } = await import('./status.ts');
      if (flags.ready !== undefined) return readyVerb(await call.settings(), { rules: rulesOf(flags.ready), targets });
      const colour = wantsColour(process.stdout.isTTY === true);
      return statusVerb(await call.settings(), { json: flags.json === true, colour, watchMs: watchOf(flags.watch) });
    },
  },
  operation('approve', 'let the plan through that the running service holds', [
    'birdconfd approve',
    'birdconfd approve --target bird6',
  ]),
  operation('resume', "end the running service's hold after a refusal, a rollback or another's writes", [
    'birdconfd resume',
  ]),
  operation('reload', 'have BIRD read its files again now', ['birdconfd reload --target bird']),
  operation(
    'rollback',
    'put back the Nth confirmed bundle before the newest, and hold it',
    ['birdconfd rollback', 'birdconfd rollback 2 --for 30m'],
    {
      argument: { name: 'n', help: 'how many bundles back (1)' },
      own: [{ name: 'for', value: 'TIME', help: 'end the hold after this time (1h)' }],
      query: ({ argument, flags }) => ({
        back: argument ?? '1',
        ...(typeof flags.for === 'string' && { for: flags.for }),
      }),
    },
  ),
];
