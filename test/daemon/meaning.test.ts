import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { type Meaning, meaningOf } from '../../src/bird/meaning.ts';
import { byBytes, byBytesOf } from '../../src/core/order.ts';
import { eventually } from '../support/eventually.ts';

/** A node's configuration in the manner of Calico's, with two sessions, A and B. */
const BASE = `router id 10.0.0.1;
function told() { if ( net ~ 10.48.0.0/16 ) then { bgp_community.add((65000, 1)); } }
function to_peers(bool internal) { told(); if ( net ~ 10.48.0.0/16 ) then { accept; } }
function 'from_peers'() { if ( net ~ 10.99.0.0/16 ) then { reject; } }
filter programmed { if ( net ~ 10.50.0.0/16 ) then { reject; } accept; }
template static static_template { route 10.48.1.0/26 blackhole; }
protocol static from static_template { }
protocol kernel { learn; persist; scan time 2; import all; export filter programmed; graceful restart; merge paths on; }
protocol device { debug { states }; scan time 2; }
protocol direct { interface -"cali*", "eth0"; }
template bgp node { debug { states }; description "a peer"; local as 64512; gateway recursive; add paths on; graceful restart; connect delay time 1; connect retry time 1; error wait time 1,2; }
protocol bgp A from node { neighbor 10.0.0.2 as 64512; source address 10.0.0.1; multihop; import filter { 'from_peers'(); accept; }; export filter { to_peers(true); reject; }; }
protocol bgp B from node { neighbor 10.0.0.3 as 64513; source address 10.0.0.1; multihop; import all; export filter { to_peers(false); reject; }; }
`;

/** What is replaced in BASE by what. The names that follow are for people; what is right is what BIRD does. */
const CHANGES: readonly (readonly [string, string, string])[] = [
  ['nothing', 'router id', 'router id'],
  ['a comment', 'router id', '# said\nrouter id'],
  ['layout', 'multihop; import all', 'multihop;\n  import all'],
  ['a description', '"a peer"', '"another peer"'],
  ['debugging', 'template bgp node { debug { states }', 'template bgp node { debug all'],
  [
    'a static route more',
    'route 10.48.1.0/26 blackhole;',
    'route 10.48.1.0/26 blackhole; route 10.48.2.0/26 blackhole;',
  ],
  ['a static route less', 'route 10.48.1.0/26 blackhole;', ''],
  [
    'a neighbor more',
    'protocol bgp B',
    'protocol bgp C from node { neighbor 10.0.0.9 as 64512; multihop; }\nprotocol bgp B',
  ],
  ['a neighbor less', 'protocol bgp B from node', 'template bgp unused from node'],
  ['the name of a session', 'protocol bgp B', 'protocol bgp D'],
  ['the name of a template', 'node {', 'other {'],
  ['an import filter', "'from_peers'(); accept;", 'if ( net ~ 10.98.0.0/16 ) then reject; accept;'],
  ['a function that an import filter calls', '10.99.0.0/16', '10.97.0.0/16'],
  ['an export filter', 'to_peers(false); reject;', 'to_peers(false); accept;'],
  [
    'a function that all export filters call',
    'function to_peers(bool internal) {',
    'function to_peers(bool internal) { if ( net ~ 10.49.0.0/16 ) then { accept; }',
  ],
  ['a function that is called by a called one', '(65000, 1)', '(65000, 2)'],
  ['the kernel filter', '10.50.0.0/16', '10.51.0.0/16'],
  [
    'the preference',
    'source address 10.0.0.1; multihop; import all',
    'source address 10.0.0.1; multihop; preference 120; import all',
  ],
  ['an import limit', 'multihop; import all', 'multihop; import limit 1000; import all'],
  ["the neighbor's AS", 'as 64513', 'as 64514'],
  ["the node's AS", 'local as 64512', 'local as 64599'],
  ['an AS of the session alone', 'protocol bgp B from node {', 'protocol bgp B from node { local as 64600;'],
  ['the source address', 'as 64513; source address 10.0.0.1;', 'as 64513;'],
  ['passive', 'as 64513;', 'as 64513; passive on;'],
  ['passive off, the default', 'as 64513;', 'as 64513; passive off;'],
  ['a password', 'as 64513;', 'as 64513; password "secret";'],
  [
    'TTL security',
    'as 64513; source address 10.0.0.1; multihop;',
    'as 64513; source address 10.0.0.1; multihop 2; ttl security on;',
  ],
  ['hops', 'as 64513; source address 10.0.0.1; multihop;', 'as 64513; source address 10.0.0.1; multihop 5;'],
  ['no TTL security, the default', 'as 64513;', 'as 64513; ttl security off;'],
  [
    'several hops to the own AS, the default',
    'as 64512; source address 10.0.0.1; multihop;',
    'as 64512; source address 10.0.0.1;',
  ],
  ['several hops to another AS', 'as 64513; source address 10.0.0.1; multihop;', 'as 64513; source address 10.0.0.1;'],
  ['the restart time', 'as 64513;', 'as 64513; graceful restart time 30;'],
  ['the keepalive time', 'as 64513;', 'as 64513; keepalive time 20;'],
  ['the connect retry time', 'connect retry time 1', 'connect retry time 2'],
  ['add paths', 'add paths on;', ''],
  ['a route reflector client', 'as 64512; source', 'as 64512; rr client; rr cluster id 1.1.1.1; source'],
  ['next hop self', 'as 64513;', 'as 64513; next hop self;'],
  ['next hop keep', 'as 64513;', 'as 64513; next hop keep;'],
  ['allowed local AS numbers', 'as 64513;', 'as 64513; allow local as 2;'],
  ['the router id', 'router id 10.0.0.1', 'router id 10.0.0.8'],
  ["the kernel's scan time", 'persist; scan time 2', 'persist; scan time 3'],
  ['merged paths', ' merge paths on;', ''],
  ["the device's scan time", 'states }; scan time 2', 'states }; scan time 3'],
  ['interfaces of direct', '-"cali*", "eth0"', '-"cali*", -"tunl*", "eth0"'],
  ['the listening port', 'router id', 'listen bgp port 1790;\nrouter id'],
];

/** The changes to an import side, and the protocols that they reach. */
const REIMPORTED: Readonly<Record<string, readonly string[]>> = {
  'an import filter': ['A'],
  'a function that an import filter calls': ['A'],
  'the preference': ['B'],
};

const neighbor = (me: number, asNumber: number) => `router id 10.0.0.${me};
protocol device { }
protocol bgp session { local as ${asNumber}; neighbor 10.0.0.1 as 64512; source address 10.0.0.${me}; multihop; passive on; gateway recursive; add paths on; graceful restart; import all; export none; error wait time 1,2; }
`;

describe('what a change means, by BIRD itself', () => {
  let dir: string;
  let lab: Lab;
  let bird: LabBird;
  const configFile = () => join(dir, 'a.conf');

  const start = async (name: string, text: string) => {
    await writeFile(join(dir, `${name}.conf`), text);
    const files = {
      configFile: join(dir, `${name}.conf`),
      socket: join(dir, `${name}.ctl`),
      log: join(dir, `${name}.log`),
    };
    return lab.node(name).startBird({ binary: 'bird', ...files });
  };
  const configure = async (text: string) => {
    await writeFile(configFile(), text);
    await bird.ask('configure');
    await eventually(async () => expect((await bird.ask('show status')).at(-1)).toBe('Daemon is up and running'));
  };
  const established = () =>
    eventually(
      async () => {
        // Where one started again, BIRD lists it first.
        const sessions = (await bird.protocols())
          .filter(({ proto }) => proto === 'BGP')
          .sort(byBytesOf(({ name }) => name));
        expect(sessions.map(({ name, info }) => [name, info])).toEqual([
          ['A', 'Established'],
          ['B', 'Established'],
        ]);
      },
      { timeoutMs: 30_000 },
    );

  /** What BIRD logs that it does, from `from` characters of its log on. Which side of a filter is the reason, it does not say. */
  const observed = async (from: number): Promise<Omit<Meaning, 'reimported'>> => {
    const log = (await readFile(bird.log, 'utf8')).slice(from);
    const told = (verb: string) =>
      [...log.matchAll(new RegExp(`${verb} protocol (\\S+)`, 'g'))].map(([, name = '']) => name).sort(byBytes);
    return {
      added: told('Adding'),
      removed: told('Removing'),
      restarted: told('Restarting'),
      refiltered: told('Reloading'),
      needsRestart: log.includes('please restart BIRD'),
    };
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-meaning-'));
    lab = await labUp({ nodes: ['a', 'b', 'c'].map((name, i) => ({ name, address: `10.0.0.${i + 1}/24` })) });
    await start('b', neighbor(2, 64512));
    await start('c', neighbor(3, 64513));
    bird = await start('a', BASE);
  });
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  it.each(CHANGES)('%s', async (what, from, to) => {
    await configure(BASE);
    await established();
    const before = (await readFile(bird.log, 'utf8')).length;
    const changed = BASE.replaceAll(from, to);
    await configure(changed);
    const { reimported, ...meaning } = meaningOf(BASE, changed);
    expect(meaning).toEqual(await observed(before));
    expect(reimported).toEqual(REIMPORTED[what] ?? []);
  });
});
