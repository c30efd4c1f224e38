import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONFD_OPTIONS } from '../src/confd/options.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const chapter = readme.slice(readme.indexOf('### confd, item by item'), readme.indexOf('## How to add a BGP option'));

interface Row {
  readonly items: readonly string[];
  readonly tests: readonly string[];
}

/** Every row: what its first cell names, and the tests of its last. Pipes within code would need care, and there are none. */
const rows: readonly Row[] = chapter
  .slice(0, chapter.indexOf('\n### ', 4))
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([, , tests]) => tests !== 'tests')
  .map(([items = '', , tests = '']) => ({
    items: items.includes('`') ? [...items.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name) : [items],
    tests: tests.split(',').map((name) => name.trim()),
  }));

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Everything that confd 0.16 has, by our own list; names that a test must hold are found there as they stand here. */
const CONFD = {
  flags:
    words(`-backend -node -scheme -srv-domain -srv-record -prefix -confdir -config-file -interval -watch -onetime -noop -sync-only
    -keep-stage-file -log-level -auth-token -auth-type -app-id -user-id -role-id -secret-id -path -basic-auth -username -password
    -client-ca-keys -client-cert -client-key -client-insecure -file -filter -table -separator -version`),
  environment: words('CONFD_CLIENT_CAKEYS CONFD_CLIENT_CERT CONFD_CLIENT_KEY ETCDCTL_PEERS DYNAMODB_LOCAL SSM_LOCAL'),
  resource: words('src dest keys prefix mode uid gid check_cmd reload_cmd'),
  functions:
    words(`exists get getv gets getvs ls lsdir cget cgets cgetv cgetvs base dir split join replace trimSuffix contains toUpper
    toLower json jsonArray map getenv datetime lookupIP lookupIPV4 lookupIPV6 lookupSRV fileExists base64Encode base64Decode parseBool
    atoi seq reverse sortByLength sortKVByLength add sub mul div mod`),
  builtIn:
    words(`and or not len index slice print printf println html js urlquery call eq ne lt le gt ge range if else with end break
    continue define template block`),
  backends: words('consul dynamodb env etcd etcdv3 file rancher redis ssm vault zookeeper'),
};

/** What is no name, by the words that its row begins with, and what its tests must speak of. */
const BEHAVIOUR: Readonly<Record<string, RegExp>> = {
  '-x': /`-\$\{flag\}`/,
  '--x': /`--\$\{flag\}`/,
  '=true': /-watch=%s is true/,
  '{{- -}}': /\{\{- getv/,
  'CONFD_…': /confdVariable\(option\)/,
  precedence: /Flag before environment before file/,
  'keys of confd.toml': /confd\.toml/,
  'unknown keys': /unknown keys/,
  'maps in the order of their keys': /10=x 9=y/,
  'one resource fails, once': /others are processed/,
  'no confdir, no template': /ends with 1 and says so/,
  'a TOML that breaks while it runs': /TOML (?:that )?breaks/,
  'conf.d or a template is edited': /conf\.d and templates/,
  'a missing key': /key does not exist/,
  'check_cmd fails': /failed check/,
  'reload_cmd fails': /failed reload/,
  'a burst of 200 puts': /200 puts|burst/,
  'etcd is gone': /since when/,
  'etcd is wiped or restored to an older revision': /wiped/,
  'two processes': /two processes/,
  'an edit, or settings at SIGHUP, that the backend refuses': /etcd refuses leaves what ran before/,
  'all keys are deleted': /all keys are deleted/,
  'a resource gets another name': /gets another name/,
  'the target is a symlink, or a mount of its own': /a symlink is replaced[\s\S]*a mount of its own/,
  'two resources at one target': /another resource’s target[\s\S]*two resources with one target/,
  'a value that is no UTF-8': /a value that is no text/,
  'a hostile key or value': /reaches a shell/,
  'a command that hangs, floods, or leaves a daemon': /never ends is ended[\s\S]*leave a daemon[\s\S]*100 MB/,
  'SIGTERM, SIGINT': /SIGTERM/,
  SIGHUP: /SIGHUP/,
  'keys and values': /no key and no value reaches a shell/,
  'exit codes': /code/,
};

const named = new Map(rows.flatMap((row) => row.items.map((item) => [item, row] as const)));
const fileOf = (test: string) => new URL(`confd/${test}.test.ts`, import.meta.url);

/** A test that types in a document speaks of what is in that one. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'function-examples': '../templates/README.md',
  'quick-start': '../README.md',
};

function textOf(test: string): string {
  const document = DOCUMENTS[test];
  const typedIn = document ? readFileSync(new URL(document, import.meta.url), 'utf8') : '';
  return `${readFileSync(fileOf(test), 'utf8')}\n${typedIn}`;
}

it('every item of confd has a row, once', () => {
  const items = [...Object.values(CONFD).flat(), ...Object.keys(BEHAVIOUR)];
  // Flags, backends and keys of a resource may have one name.
  const stated = rows.flatMap((row) => row.items);
  expect(items.filter((item) => !stated.includes(item))).toEqual([]);
  expect(stated.filter((item, i) => item.startsWith('-') && stated.indexOf(item) !== i)).toEqual([]);
});

it('every flag has a row, and every flag of a row is one', () => {
  const flags = [...named.keys()].filter((item) => /^-\w/.test(item) && item !== '-x');
  expect(flags.sort()).toEqual(CONFD_OPTIONS.map(({ name }) => `-${name}`).sort());
});

it.each(rows.map(({ items, tests }) => [items.join(', '), items, tests] as const))(
  '%s: its tests are there, and speak of it',
  (_, items, tests) => {
    expect(tests.filter((test) => !existsSync(fileOf(test)))).toEqual([]);
    const texts = tests.map(textOf).join('\n');
    const speaksOf = (item: string) =>
      BEHAVIOUR[item] ?? new RegExp(`(?:(?<!\\w)|\\\\n)${item.replace(/^-/, '').replace(/[^\w-]/g, '\\$&')}(?![\\w-])`);
    expect(items.filter((item) => !speaksOf(item).test(texts))).toEqual([]);
  },
);
