import { describe, expect, it } from 'vitest';
import { bgpFilterFields, toBgpFilter } from '../../src/datamodel/bgp-filter.ts';
import { type Fault, INVALID } from '../../src/datamodel/field.ts';

/** The rules that one rule decodes to, and what is told about it. */
function decode(rule: unknown, list = 'importV4') {
  const faults: Fault[] = [];
  const decoded = bgpFilterFields.decode({ spec: { [list]: [rule] } }, faults);
  const told = faults.map(({ severity, code, path }) => `${severity} ${code} ${path.slice(3).join('.')}`);
  const rules = decoded === INVALID ? null : toBgpFilter('key', 'name', decoded).rules;
  return { rule: rules?.[list as 'importV4'][0] ?? null, told };
}
const conditions = (rule: object, list?: string) => decode({ action: 'Accept', ...rule }, list).rule?.conditions;
const told = (rule: object, list?: string) => decode({ action: 'Accept', ...rule }, list).told;

describe('a BGPFilter', () => {
  it('has no rules where it says none', () => {
    const none = { importV4: [], exportV4: [], importV6: [], exportV6: [] };
    for (const value of [{}, { spec: null }, { spec: {} }, { spec: { importV4: null } }]) {
      const faults: Fault[] = [];
      const decoded = bgpFilterFields.decode(value, faults);
      expect([decoded, faults]).toEqual([{ spec: none }, []]);
    }
  });

  it('states the conditions in their fixed order (spec 5.3)', () => {
    const rule = {
      priority: 5,
      asPathPrefix: [64496, '1.0'],
      communities: { values: ['1:2:3', '4:5'] },
      interface: 'eth*',
      source: 'RemotePeers',
      matchOperator: 'NotIn',
      cidr: '198.51.100.0/24',
    };
    expect(conditions(rule)).toEqual([
      { kind: 'net', operator: 'NotIn', cidr: '198.51.100.0/24', lengths: null },
      { kind: 'remote-peers' },
      { kind: 'interface', pattern: 'eth*' },
      { kind: 'community', parts: [1, 2, 3] },
      { kind: 'as-path', prefix: [64496, 65536] },
      { kind: 'priority', priority: 5 },
    ]);
    expect(told(rule)).toEqual([]);
    expect(conditions({})).toEqual([]);
    expect(conditions({ prefixLength: { min: 8 }, asPathPrefix: [] })).toEqual([]);
  });

  it.each([
    ['importV4', '198.51.100.0/24', {}, 24, 32],
    ['importV4', '198.51.100.0/24', { min: 8 }, 24, 32],
    ['importV4', '198.51.100.0/24', { min: 26, max: 28 }, 26, 28],
    ['exportV4', '0.0.0.0/0', { max: 0 }, 0, 0],
    ['importV6', 'fd00::/8', { max: 64 }, 8, 64],
    ['exportV6', '2001:DB8::/32', {}, 32, 128],
  ])('in %s takes %s with %j for lengths %d to %d', (list, cidr, prefixLength, min, max) => {
    expect(conditions({ cidr, matchOperator: 'In', prefixLength }, list)).toEqual([
      { kind: 'net', operator: 'In', cidr, lengths: { min, max } },
    ]);
  });

  it('masks a range that BIRD would refuse', () => {
    expect(conditions({ cidr: '198.51.100.9/24', matchOperator: 'In' })).toMatchObject([{ cidr: '198.51.100.0/24' }]);
  });

  it('prepends the path’s first number last', () => {
    const operations = [
      { prependASPath: { prefix: [64496, 64497] } },
      { setPriority: { value: 100 } },
      { addCommunity: { value: '1:2' } },
    ];
    expect(decode({ action: 'Reject', operations }).rule).toEqual({
      action: 'reject',
      peerType: null,
      conditions: [],
      operations: [
        { kind: 'prepend', numbers: [64497, 64496] },
        { kind: 'set-priority', priority: 100 },
        { kind: 'add-community', parts: [1, 2] },
      ],
    });
  });

  it('is not guarded by a peerType that is no word, and that is told', () => {
    expect(decode({ action: 'Accept', peerType: 'eBGP' })).toMatchObject({ rule: { peerType: 'eBGP' }, told: [] });
    expect(decode({ action: 'Accept', peerType: 'ebgp' })).toMatchObject({
      rule: { peerType: 'other' },
      told: ['warning unknown-word peerType'],
    });
  });

  it.each([
    [{ action: undefined }, 'missing-value action'],
    [{ action: 'accept' }, 'invalid-value action'],
    [{ cidr: '198.51.100.0/24' }, 'missing-value matchOperator'],
    [{ cidr: '198.51.100.0/24', matchOperator: '' }, 'missing-value matchOperator'],
    [{ cidr: '198.51.100.0/24', matchOperator: 'Near' }, 'invalid-value matchOperator'],
    [{ cidr: '198.51.100.0', matchOperator: 'In', prefixLength: {} }, 'invalid-value cidr'],
    [{ cidr: '2001:db8::/32', matchOperator: 'In' }, 'invalid-value cidr'],
    [
      { cidr: '198.51.100.0/24', matchOperator: 'In', prefixLength: { min: 28, max: 26 } },
      'invalid-value prefixLength',
    ],
    [{ cidr: '198.51.100.0/24', matchOperator: 'In', prefixLength: { max: 23 } }, 'invalid-value prefixLength'],
    [{ cidr: '198.51.100.0/24', matchOperator: 'In', prefixLength: { max: 33 } }, 'invalid-value prefixLength.max'],
    [{ source: 'Local' }, 'invalid-value source'],
    [{ interface: 'eth0"' }, 'invalid-value interface'],
    [{ communities: { values: [] } }, 'missing-value communities'],
    [{ communities: {} }, 'missing-value communities.values'],
    [{ communities: { values: ['1'] } }, 'invalid-value communities.values.0'],
    [{ communities: { values: ['1:2:3:4'] } }, 'invalid-value communities.values.0'],
    [{ asPathPrefix: ['x'] }, 'invalid-value asPathPrefix.0'],
    [{ asPathPrefix: Array(256).fill(1) }, 'invalid-value asPathPrefix'],
    [{ priority: 0 }, 'invalid-value priority'],
    [{ operations: [{}] }, 'invalid-value operations.0'],
    [{ operations: [{ addCommunity: null }] }, 'invalid-value operations.0'],
    [{ operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:2' } }] }, 'invalid-value operations.0'],
    [{ operations: [{ addCommunity: {} }] }, 'missing-value operations.0.addCommunity.value'],
    [{ operations: [{ setPriority: { value: 2147483647 } }] }, 'invalid-value operations.0.setPriority.value'],
  ])('refuses a rule with %j (spec 5.4)', (rule, fault) => {
    expect(decode({ action: 'Accept', ...rule })).toEqual({ rule: null, told: [`error ${fault}`] });
  });
});
