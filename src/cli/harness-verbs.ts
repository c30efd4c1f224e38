import { UsageError } from '../core/errors.ts';
import { OPTIONS, type Option } from '../option-table.ts';
import { runsInCi, wantsColour } from '../settings.ts';
import { JSON_FLAG, type Verb } from './verb.ts';
import { REPORT_OPTIONS } from './write-reports.ts';

/** Which templates are rendered with. */
const TREE_OPTIONS: readonly Option[] = OPTIONS.filter(({ name }) => ['templates', 'templates-overlay'].includes(name));

const colour = (): boolean => wantsColour(process.stdout.isTTY === true);

/** The verbs of the harness: they read cases, and touch no daemon of this machine. */
export const HARNESS_VERBS: readonly Verb[] = [
  {
    name: 'test',
    summary: 'the golden harness: render every case under DIR, compare, and have BIRD parse it',
    argument: { name: 'dir', help: 'a case, or a folder of cases (fixtures)' },
    own: [
      { name: 'update', value: null, help: 'make what comes out the goldens, and remove those that nothing renders' },
      { name: 'filter', value: 'TEXT', help: 'only cases whose path holds this text' },
      { name: 'check', value: 'HOW', help: 'bird or none: parse every golden with the real bird and bird6 (bird)' },
      { name: 'skip-converge', value: null, help: 'bring up no BIRDs, not even for cases that ask for it' },
      ...TREE_OPTIONS,
      ...REPORT_OPTIONS,
      JSON_FLAG,
    ],
    common: false,
    examples: ['birdconfd test fixtures', 'birdconfd test fixtures --filter mesh --update'],
    run: async ({ flags, argument }) => {
      const { testVerb } = await import('./test.ts');
      return testVerb({ dir: argument ?? 'fixtures', flags, ci: runsInCi(), colour: colour() });
    },
  },
  {
    name: 'template-diff',
    summary: "what other templates, or other data, change on each node's BIRD",
    argument: { name: 'dir', help: 'a case, a folder of cases, or a folder of resources (fixtures)' },
    own: [
      {
        name: 'against',
        value: 'WHAT',
        help: 'a tree of templates, another folder of data, or a git revision of both',
      },
      { name: 'max-restarted', value: 'N|N%', help: 'exit 2 only when more sessions than this would restart or go' },
      ...TREE_OPTIONS,
      ...REPORT_OPTIONS,
      JSON_FLAG,
    ],
    common: false,
    examples: [
      'birdconfd template-diff cases --against origin/main --max-restarted 10',
      'birdconfd template-diff ./cluster --against ./old-templates',
    ],
    run: async ({ flags, argument }) => {
      const { templateDiffVerb } = await import('./template-diff.ts');
      return templateDiffVerb({ dir: argument ?? 'fixtures', flags, colour: colour() });
    },
  },
  {
    name: 'capture',
    summary: 'the datastore as a case in DIR, without its secrets; for all nodes, unless --node is given',
    argument: { name: 'dir', help: "the case's folder" },
    own: [{ name: 'anonymise', value: null, help: 'replace names and addresses, the same ones wherever they stand' }],
    common: true,
    examples: [
      'birdconfd capture cases/production --endpoints https://10.0.0.1:2379',
      'birdconfd capture /tmp/bug --input ./cluster --anonymise',
    ],
    run: async ({ settings, flags, argument }) => {
      const { captureVerb } = await import('./capture.ts');
      if (argument === null) throw new UsageError('capture: into which folder? See birdconfd capture --help');
      const onlyNode = flags.node !== undefined;
      return captureVerb(await settings(), { dir: argument, anonymise: flags.anonymise === true, onlyNode });
    },
  },
];
