import { Command, CommanderError } from 'commander';
import { messageOf, UsageError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import type { Flags } from '../given-options.ts';
import { OPTIONS, type Option, variableOf } from '../option-table.ts';
import { resolveSettings, wantsColour } from '../settings.ts';
import { EXIT } from './exit-codes.ts';
import { HARNESS_VERBS } from './harness-verbs.ts';
import { SERVICE_VERBS } from './service-verbs.ts';
import { JSON_FLAG, type Verb } from './verb.ts';
import { REPORT_OPTIONS } from './write-reports.ts';

/** Every verb; its code is loaded only when it is called. */
const VERBS: readonly Verb[] = [
  {
    name: 'run',
    summary: 'the service: watch, render, check, write, reload, confirm, until SIGTERM',
    own: [{ name: 'once', value: null, help: 'converge once, then exit' }],
    common: true,
    examples: [
      'birdconfd run --endpoints http://10.0.0.1:2379 --node worker-3',
      'birdconfd run --input ./cluster --node worker-3 --output /tmp/bird --bird-socket /tmp/bird.ctl',
    ],
    run: async ({ settings, flags }) => {
      const { runVerb } = await import('./run.ts');
      return runVerb(await settings(), { once: flags.once === true, reread: settings });
    },
  },
  {
    name: 'boot',
    summary: 'before BIRD starts: have it start with the last confirmed bundle, without a datastore',
    own: [],
    common: true,
    examples: ['birdconfd boot --state-dir /var/lib/birdconfd --max-stale 24h'],
    run: async ({ settings }) => {
      const { bootVerb } = await import('./boot.ts');
      return bootVerb(await settings());
    },
  },
  {
    name: 'render',
    summary: "write this node's files into --output once; touches no daemon",
    own: [],
    common: true,
    examples: ['birdconfd render --input ./cluster --node worker-3 --bird 1.6 --output /tmp/bird'],
    run: async ({ settings, flags }) => {
      const { renderVerb } = await import('./render.ts');
      return renderVerb(await settings(), { check: flags.check === 'bird' });
    },
  },
  {
    name: 'plan',
    summary: 'what `run` would change here now: per session, and as a text diff',
    own: [
      JSON_FLAG,
      { name: 'max-restarted', value: 'N|N%', help: 'exit 2 only when more sessions than this would restart or go' },
      { name: 'all-nodes', value: null, help: 'every node of the cluster, compared with what --against names' },
      {
        name: 'against',
        value: 'WHAT',
        help: 'with --all-nodes: other data, a tree of templates, a folder of the nodes’ files, or etcd (then --input is what comes)',
      },
      ...REPORT_OPTIONS.map((option) => ({ ...option, help: `with --all-nodes: ${option.help}` })),
    ],
    common: true,
    examples: [
      'birdconfd plan --node worker-3',
      'birdconfd plan --input ./cluster --node worker-3 --output /etc/bird',
      'birdconfd plan --all-nodes --input ./cluster --against ../main/cluster --max-restarted 10%',
      'birdconfd plan --all-nodes --endpoints https://10.0.0.1:2379 --input ./cluster --against etcd --html plan.html',
    ],
    run: async ({ settings, flags }) => {
      const given = (name: string) => (typeof flags[name] === 'string' ? flags[name] : null);
      const common = {
        json: flags.json === true,
        limit: given('max-restarted'),
        colour: wantsColour(process.stdout.isTTY === true),
      };
      if (flags['all-nodes'] === true) {
        const { planAllNodes } = await import('./plan-all-nodes.ts');
        return planAllNodes(await settings(), { ...common, flags, against: given('against') });
      }
      const { planVerb } = await import('./plan.ts');
      return planVerb(await settings(), common);
    },
  },
  {
    name: 'explain',
    summary: 'which resources, with which revisions, a session, filter or range comes from',
    argument: { name: 'name', help: 'Global_192_0_2_1, bgp_myfilter_importFilterV4, 198.51.100.0/26 …' },
    own: [JSON_FLAG],
    common: true,
    examples: [
      'birdconfd explain Mesh_192_0_2_2 --node worker-3',
      'birdconfd explain 198.51.100.0/26 --input ./cluster',
    ],
    run: async ({ settings, flags, argument }) => {
      const { explainVerb } = await import('./explain.ts');
      if (argument === null) throw new UsageError('explain: which name? See birdconfd explain --help');
      return explainVerb(await settings(), argument, { json: flags.json === true });
    },
  },
  {
    name: 'check',
    summary: 'settings, data and templates only: every fault, with its key and field',
    own: [JSON_FLAG],
    common: true,
    examples: ['birdconfd check --input ./cluster --node worker-3 --json'],
    run: async ({ settings, flags }) => {
      const { checkVerb } = await import('./check.ts');
      return checkVerb(await settings(), { json: flags.json === true });
    },
  },
  {
    name: 'graph',
    summary: 'who speaks BGP with whom in the whole cluster, as an SVG on standard output',
    own: [],
    common: true,
    examples: ['birdconfd graph --input ./cluster > topology.svg'],
    run: async ({ settings }) => {
      const { graphVerb } = await import('./graph.ts');
      return graphVerb(await settings());
    },
  },
  ...HARNESS_VERBS,
  ...SERVICE_VERBS,
  {
    name: 'support',
    summary: 'a folder for bug reports: status, plan, bundles, BIRD, log; passwords redacted',
    argument: { name: 'dir', help: 'made, and must not be there yet (birdconfd-support-NODE-TIME)' },
    own: [],
    common: true,
    examples: ['birdconfd support', 'birdconfd support /tmp/report --config /etc/birdconfd.toml'],
    run: async ({ settings, argument }) => {
      const { supportVerb } = await import('./support.ts');
      return supportVerb(await settings(), argument);
    },
  },
];

const flagText = ({ name, value, optional }: Option): string =>
  `--${name}${value === null ? '' : optional ? ` [${value}]` : ` <${value}>`}`;

function helpOf({ examples, common }: Verb): string {
  const variables = !common
    ? ''
    : `\nEach option is also a variable (--bird-socket: ${variableOf('bird-socket')}) and a key of the --config file;
flag before environment before file. Calico's own variables are understood: NODENAME, ETCD_ENDPOINTS, CALICO_ROUTER_ID …\n`;
  return `${variables}\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}

/** Runs the command line and resolves with the exit code; it prints its own errors. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('birdconfd')
    .description('Watches Calico BGP data, renders bird.conf and bird6.conf, checks them, reloads BIRD and confirms.')
    .version(version)
    .exitOverride()
    .addHelpText('after', '\nGeneric mode, for any service, with the flags of confd: birdconfd confd -help')
    .showHelpAfterError('(see birdconfd --help)');
  const called = VERBS.find(({ name }) => name === argv[0]);
  for (const verb of VERBS) {
    const command = program.command(verb.name).description(verb.summary).exitOverride();
    if (verb.argument) command.argument(`[${verb.argument.name}]`, verb.argument.help);
    command.action(async () => {
      const flags = byOptionName(command.opts());
      code = await verb.run({ flags, argument: command.args[0] ?? null, settings: () => resolveSettings(flags) });
    });
    // Neither read nor shown when another verb is called, and all of them take longer than the rest of the command line.
    if (called && called !== verb) continue;
    for (const option of [...verb.own, ...(verb.common ? OPTIONS : [])] as readonly Option[]) {
      if (option.many) command.option(flagText(option), option.help, (value, all: string[] = []) => [...all, value]);
      else command.option(flagText(option), option.help);
    }
    command.addHelpText('after', helpOf(verb));
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const text =
      error instanceof UsageError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
    process.stderr.write(`birdconfd: ${text}\n`);
    return EXIT.usage;
  }
}

/** Commander names options in camel case (`birdSocket`); settings know them by their own names. */
const byOptionName = (given: Readonly<Record<string, unknown>>): Flags =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), value]),
  ) as Flags;
