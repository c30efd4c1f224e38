import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCli } from '../support/cli.ts';
import * as today from '../support/cluster.ts';
import { type EtcdServer, startEtcd } from '../support/etcd.ts';
import { EtcdV2Keys } from '../support/etcd-v2-keys.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

/** Keys and values, null for a key or directory that goes. */
type Writes = Readonly<Record<string, string | null>>;

/** One change by one writer, and what it makes of the files: texts that are there then, and texts that are not. */
interface Change {
  readonly what: string;
  readonly writes: Writes;
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
}

const GLOBAL = '/calico/bgp/v1/global';
const HOST = '/calico/bgp/v1/host';
const POOL = '/calico/v1/ipam/v4/pool';

/** What startup.py of v0.22 writes for a node. */
const startup = (node: string, ip: string, ip6 = ''): Writes => ({
  [`${HOST}/${node}/ip_addr_v4`]: ip,
  [`${HOST}/${node}/ip_addr_v6`]: ip6,
  [`/calico/v1/host/${node}/bird_ip`]: ip,
  [`/calico/v1/host/${node}/config/marker`]: 'created',
});

const FRESH: Writes = {
  [`${GLOBAL}/as_num`]: '64511',
  [`${GLOBAL}/node_mesh`]: '{"enabled": true}',
  [`${POOL}/192.168.0.0-16`]: '{"cidr": "192.168.0.0/16"}',
  '/calico/v1/Ready': 'true',
  ...startup('node-a', '192.0.2.1', '2001:db8::1'),
};

/** In the order in which they happen. */
const CHANGES: readonly Change[] = [
  {
    what: 'startup.py of another node',
    writes: startup('node-b', '192.0.2.2', '2001:db8::2'),
    has: ['Mesh_192_0_2_2', 'Mesh_2001_db8__2'],
  },
  { what: 'startup.py with AS', writes: { [`${HOST}/node-b/as_num`]: '64520' }, has: ['neighbor 192.0.2.2 as 64520;'] },
  { what: 'calicoctl bgp default-node-as', writes: { [`${GLOBAL}/as_num`]: '64512' }, has: ['local as 64512;'] },
  {
    what: 'calicoctl bgp peer add',
    writes: {
      [`${GLOBAL}/peer_v4/192.0.2.10`]: '{"ip": "192.0.2.10", "as_num": "64555"}',
      [`${GLOBAL}/peer_v6/2001:db8::10`]: '{"ip": "2001:db8::10", "as_num": "64555"}',
    },
    has: ['neighbor 192.0.2.10 as 64555;', 'Global_2001_db8__10'],
  },
  {
    what: 'calicoctl node bgp peer add',
    writes: { [`${HOST}/node-a/peer_v4/192.0.2.20`]: '{"ip": "192.0.2.20", "as_num": "64590"}' },
    has: ['Node_192_0_2_20'],
  },
  { what: 'calicoctl config bgp loglevel', writes: { [`${GLOBAL}/loglevel`]: 'debug' }, has: ['debug all;'] },
  { what: 'calicoctl config node bgp loglevel', writes: { [`${HOST}/node-a/loglevel`]: 'none' }, lacks: ['debug'] },
  {
    what: 'calicoctl config node bgp loglevel --remove',
    writes: { [`${HOST}/node-a/loglevel`]: null },
    has: ['debug all;'],
  },
  {
    what: 'calicoctl pool add --ipip --nat-outgoing',
    writes: { [`${POOL}/10.10.0.0-16`]: '{"masquerade": true, "cidr": "10.10.0.0/16", "ipip": "tunl0"}' },
    has: [
      'if ( net ~ 10.10.0.0/16 ) then { accept; }',
      'if ( net ~ 10.10.0.0/16 ) then { krt_tunnel = "tunl0"; accept; }',
    ],
  },
  {
    what: 'IPAM, which claims a block',
    writes: { '/calico/ipam/v2/host/node-a/ipv4/block/10.10.3.0-26': '' },
    has: ['route 10.10.3.0/26 blackhole;'],
  },
  { what: 'calicoctl pool remove', writes: { [`${POOL}/10.10.0.0-16`]: null }, lacks: ['10.10.0.0/16'] },
  { what: 'calicoctl bgp node-mesh off', writes: { [`${GLOBAL}/node_mesh`]: '{"enabled": false}' }, lacks: ['Mesh_'] },
  {
    what: 'libcalico, in compact JSON',
    writes: { [`${GLOBAL}/node_mesh`]: '{"enabled":true}' },
    has: ['Mesh_192_0_2_2'],
  },
  {
    what: 'libcalico, with a pool in its form',
    writes: {
      [`${HOST}/node-a/network_v4`]: '192.0.2.0/24',
      [`${POOL}/10.20.0.0-16`]:
        '{"cidr":"10.20.0.0/16","ipip":"tunl0","ipip_mode":"cross-subnet","masquerade":true,"ipam":true,"disabled":false}',
    },
    has: ['bgp_next_hop ~ 192.0.2.0/24'],
  },
  {
    what: 'a hand, with blanks and a number for a text',
    writes: { [`${GLOBAL}/peer_v4/192.0.2.10`]: ' { "as_num" : 64556 , "ip" : "192.0.2.10" } ' },
    has: ['neighbor 192.0.2.10 as 64556;'],
  },
  {
    what: 'a hand, with echo',
    writes: { [`${HOST}/node-b/as_num`]: '64521\n' },
    has: ['neighbor 192.0.2.2 as 64521;'],
  },
  {
    what: 'calicoctl bgp peer remove',
    writes: { [`${GLOBAL}/peer_v4/192.0.2.10`]: null },
    lacks: ['Global_192_0_2_10'],
  },
  {
    what: 'calicoctl node remove',
    writes: { [`${HOST}/node-b`]: null, '/calico/v1/host/node-b': null },
    lacks: ['Mesh_'],
  },
];

const TODAY: Writes = Object.fromEntries(today.SMALL_CLUSTER);

const [POOL_KEY] = today.pool('pool-1', '');
const CHANGES_TODAY: readonly Change[] = [
  { what: 'a Node', writes: Object.fromEntries([today.node('node-d', '192.0.2.4/24')]), has: ['Mesh_192_0_2_4'] },
  {
    what: 'a BGPPeer',
    writes: Object.fromEntries([today.peer('up', { peerIP: '192.0.2.10', asNumber: 64555 })]),
    has: ['neighbor 192.0.2.10 as 64555;'],
  },
  {
    what: 'a BGPConfiguration',
    writes: Object.fromEntries([today.configuration('default', { nodeToNodeMeshEnabled: false })]),
    lacks: ['Mesh_'],
  },
  { what: 'an IPPool that goes', writes: { [POOL_KEY]: null }, lacks: ['198.51.100.0/24'] },
  { what: 'a block', writes: Object.fromEntries([today.block('node-a', '203.0.113.0/26')]), has: ['203.0.113.0/26'] },
];

let etcd: EtcdServer;
let dir: string;
let service: ReturnType<typeof startCli>;
beforeEach(async () => {
  dir = await temporaryFolder();
  etcd = await startEtcd({ v2: true });
});
afterEach(async () => {
  await service.stop('SIGKILL');
  await etcd.stop();
});

const inV2 = async (writes: Writes) => {
  const keys = new EtcdV2Keys(etcd.endpoint);
  for (const [key, value] of Object.entries(writes)) await (value === null ? keys.delete(key) : keys.put(key, value));
};
const inV3 = async (writes: Writes) => {
  for (const [key, value] of Object.entries(writes)) {
    if (value !== null) await etcd.client.put(key).value(value);
    else {
      await etcd.client.delete().key(key);
      await etcd.client.delete().prefix(`${key}/`);
    }
  }
};

/** What would hold changes back that this test means, and that no BIRD has confirmed. */
const UNGUARDED = ['--accept-takeover', ...['gone', 'restarts', 'last-peer'].flatMap((of) => [`--guard-${of}`, 'off'])];

/** The service in Calico's dialect, whose BIRD is not there: files are written, and what is owed to it stays so. */
const run = (...args: readonly string[]) => {
  const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
  const common = ['--node', 'node-a', '--bird', 'calico', '--check', 'none', '--quiet-ms', '20', '--output', dir];
  service = startCli(['run', '--endpoints', etcd.endpoint, ...common, ...UNGUARDED, ...sockets, ...args]);
};

const texts = async () =>
  (await Promise.all(['bird.conf', 'bird6.conf'].map((name) => readFile(join(dir, name), 'utf8')))).join('');

/** What of a change the files do not show. */
const missing = async ({ has = [], lacks = [] }: Change): Promise<readonly string[]> => {
  const text = await texts();
  return [...has.filter((each) => !text.includes(each)), ...lacks.filter((each) => text.includes(each))];
};

async function follow(write: (writes: Writes) => Promise<void>, changes: readonly Change[]): Promise<void> {
  await eventually(texts);
  for (const change of changes) {
    expect(await missing(change), `${change.what}: it is there before it is written`).not.toEqual([]);
    await write(change.writes);
    await eventually(async () => expect(await missing(change), change.what).toEqual([]));
  }
}

describe('every way that data get in, changed under a running service', () => {
  it('the v1 layout in etcd v2', async () => {
    await inV2(FRESH);
    run('--datastore', 'etcdv2');
    await follow(inV2, CHANGES);
  });

  it('the v1 layout in etcd v3', async () => {
    await inV3(FRESH);
    run();
    await follow(inV3, CHANGES);
  });

  it('today’s layout', async () => {
    await inV3(TODAY);
    run();
    await follow(inV3, CHANGES_TODAY);
  });
});
