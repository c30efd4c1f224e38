import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabNode } from '../../scripts/lab/lab.mjs';
import { resourceKey } from '../../src/core/keys.ts';
import { peer } from '../support/cluster.ts';
import { type EtcdMembers, startEtcdMembers } from '../support/etcd-members.ts';
import { eventually } from '../support/eventually.ts';
import { FaultSite, FIRST_DATA } from './site.ts';

/** A half-open connection is noticed so soon at the latest. */
const NOTICED_MS = 38_000;
const HOSTS = ['10.9.0.31', '10.9.0.32', '10.9.0.33'];
const MACHINES = HOSTS.map((host, i) => ({ name: `m${i}`, address: `${host}/24` }));

/** Drops what comes to a machine from `hosts` and what it sends there, until the returned function is called. */
async function drop(machine: LabNode, hosts: readonly string[]): Promise<() => Promise<void>> {
  const nft = async (rules: string) => {
    await promisify(execFile)('nsenter', ['-t', String(machine.pid), '-n', 'nft', rules]);
  };
  const list = hosts.join(', ');
  await nft(
    `add table ip fault;
     add chain ip fault in { type filter hook input priority 0; };
     add chain ip fault out { type filter hook output priority 0; };
     add rule ip fault in ip saddr { ${list} } drop;
     add rule ip fault out ip daddr { ${list} } drop`,
  );
  return () => nft('delete table ip fault');
}

/** Three members, birdconfd and its BIRDs, each on a machine of its own. Each test goes on with what the one before left. */
describe('a cluster of three members', () => {
  let site: FaultSite;
  let etcd: EtcdMembers;
  let puts = 0;
  /** One more session, written on the side of `member`. */
  const putOne = async (member: number) => {
    puts++;
    const [key, value] = peer(`p${puts}`, { peerIP: `10.9.0.${100 + puts}`, asNumber: 65_000 + puts });
    await eventually(() => etcd.ctl(member, 'put', key, value), { timeoutMs: 30_000 });
    return `neighbor 10.9.0.${100 + puts} as ${65_000 + puts};`;
  };
  const others = (member: number) => [0, 1, 2].filter((each) => each !== member);
  const arrives = async (line: string) => {
    await site.shows((text) => expect(text).toContain(line));
    await site.converged();
    expect(site.falls).toBe(0);
  };

  beforeAll(async () => {
    const endpoints = HOSTS.map((host) => `http://${host}:2379`).join();
    site = await FaultSite.open({ datastore: ['--endpoints', endpoints], onNode: true, machines: MACHINES });
    etcd = await startEtcdMembers(
      3,
      MACHINES.map(({ name }) => site.lab.node(name)),
    );
    await eventually(() => etcd.leader(), { timeoutMs: 30_000 });
    for (const [key, value] of FIRST_DATA) await etcd.ctl(0, 'put', key, value);
    await site.start();
  });
  afterAll(async () => {
    await etcd?.stop();
    await site?.close();
  });

  it('whose packets are all dropped: noticed in time, and made up for', async () => {
    const lift = await drop(site.machine, HOSTS);
    const since = Date.now();
    const stale = await site.stale(NOTICED_MS);
    expect(Date.now() - since).toBeLessThan(NOTICED_MS);
    expect(stale).toBeLessThanOrEqual(since + 1_000);
    const line = await putOne(0);
    await etcd.ctl(0, 'del', resourceKey('BGPPeer', 'none'));
    expect(site.text('bird')).not.toContain(line);
    await lift();
    await arrives(line);
  });

  it('whose leader is killed', async () => {
    const leader = await etcd.leader();
    await etcd.kill9(leader);
    await arrives(await putOne(others(leader)[0]!));
    await etcd.restart(leader);
    await arrives(await putOne(leader));
  });

  it('whose leader stands still', async () => {
    const leader = await etcd.leader();
    etcd.pause(leader);
    await arrives(await putOne(others(leader)[0]!));
    etcd.resume(leader);
    await arrives(await putOne(others(leader)[0]!));
  });

  it('of which each member in turn loses the other two, but not birdconfd', async () => {
    for (const member of [0, 1, 2]) {
      const rest = others(member);
      const lift = await drop(
        site.lab.node(`m${member}`),
        rest.map((each) => HOSTS[each]!),
      );
      await arrives(await putOne(rest[0]!));
      await lift();
    }
  });

  it('of which two are lost: stale, and the last good stays', async () => {
    await etcd.kill9(0);
    await etcd.kill9(1);
    const text = site.text('bird');
    await site.stale(NOTICED_MS);
    expect(site.text('bird')).toBe(text);
    await Promise.all([etcd.restart(0), etcd.restart(1)]);
    await arrives(await putOne(2));
  });
});
