import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, INVALID } from '../../src/datamodel/field.ts';
import {
  asNumber,
  interfacePattern,
  isResourceName,
  nodeAddress4,
  nodeAddress6,
  parseAsNumber,
  parseCommunity,
  parsePeerAddress,
  parseSeconds,
  parseTypedCidr,
  sessionAsNumber,
  subnetOf,
} from '../../src/datamodel/values.ts';

describe('parseAsNumber', () => {
  it.each([
    ['0', 0],
    ['64512', 64512],
    ['4294967295', 4294967295],
    ['0000064512', 64512],
    ['0.0', 0],
    ['1.0', 65536],
    ['1.10', 65546],
    ['65535.65535', 4294967295],
  ])('reads %s as %d', (text, number) => {
    expect(parseAsNumber(text)).toBe(number);
  });

  it.each([
    '',
    ' ',
    '4294967296',
    '99999999999',
    '-1',
    '+1',
    '1e3',
    '0x10',
    '1.',
    '.1',
    '1.2.3',
    '65536.0',
    '0.65536',
    '1,5',
    ' 1',
    '1 ',
    '1\n',
    '١',
    '１',
    'NaN',
    'AS64512',
  ])('refuses %j', (text) => {
    expect(parseAsNumber(text)).toBeNull();
  });

  it('reads both forms of any number back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (number) => {
        expect(parseAsNumber(String(number))).toBe(number);
        expect(parseAsNumber(`${number >>> 16}.${number & 0xffff}`)).toBe(number);
      }),
    );
  });
});

describe('AS numbers as fields', () => {
  const decode = (field: typeof asNumber, value: unknown) => field.decode(value, []);

  it('may be whole JSON numbers, but no fractions: 1.1 and 1.10 are one number and two AS numbers', () => {
    expect(decode(asNumber, 64512)).toBe(64512);
    expect(decode(asNumber, 0)).toBe(0);
    for (const value of [1.5, -1, 4294967296, 1e21, Number.NaN, true, null, [64512], { as: 1 }])
      expect(decode(asNumber, value)).toBe(INVALID);
  });

  it('are not 0 where they are a session’s, in any form', () => {
    for (const value of [0, '0', '00', '0.0']) expect(decode(sessionAsNumber, value)).toBe(INVALID);
    expect(decode(sessionAsNumber, '0.1')).toBe(1);
  });
});

describe('parsePeerAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 0],
    ['192.0.2.1:179', '192.0.2.1', 179],
    ['192.0.2.1:65535', '192.0.2.1', 65535],
    ['192.0.2.1:0', '192.0.2.1', 0],
    ['2001:db8::1', '2001:db8::1', 0],
    ['2001:db8::179', '2001:db8::179', 0],
    ['[2001:DB8::1]:1179', '2001:db8::1', 1179],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', 0],
    ['::ffff:192.0.2.1', '192.0.2.1', 0],
    ['[::ffff:192.0.2.1]:179', '192.0.2.1', 179],
  ])('reads %s as %s, port %d', (text, address, port) => {
    const parsed = parsePeerAddress(text);
    expect([parsed?.address.text, parsed?.port]).toEqual([address, port]);
  });

  it('keeps the address as it was typed', () => {
    expect(parsePeerAddress('[2001:DB8:0::1]:179')?.host).toBe('2001:DB8:0::1');
    expect(parsePeerAddress('2001:DB8::1')?.host).toBe('2001:DB8::1');
  });

  it.each([
    '',
    ':179',
    '192.0.2.1:',
    '192.0.2.1:65536',
    '192.0.2.1:-1',
    '192.0.2.1:+1',
    '192.0.2.1:1e2',
    '192.0.2.1: 179',
    '192.0.2.1:１７９',
    '192.0.2.1:179:179',
    '[2001:db8::1]',
    '[2001:db8::1]:',
    '[]:179',
    '[[2001:db8::1]]:179',
    '2001:db8::1]:179',
    '192.0.2.1/32',
    'router:179',
    '0.0.0.0',
    '[::]:179',
    'fe80::1',
    'fe80::1%eth0',
    '[fe80::1%eth0]:179',
  ])('refuses %j', (text) => {
    expect(parsePeerAddress(text)).toBeNull();
  });
});

describe('node addresses', () => {
  it('belong to their family and can be spoken from', () => {
    const faults: Fault[] = [];
    const texts = (field: typeof nodeAddress4, value: string) => {
      const decoded = field.decode(value, faults);
      return decoded === INVALID ? null : [decoded.text, subnetOf(decoded)?.text];
    };
    expect(texts(nodeAddress4, '192.0.2.1/24')).toEqual(['192.0.2.1', '192.0.2.0/24']);
    expect(texts(nodeAddress4, '::ffff:192.0.2.1')).toEqual(['192.0.2.1', '192.0.2.1/32']);
    expect(texts(nodeAddress6, '2001:db8::1/64')).toEqual(['2001:db8::1', '2001:db8::/64']);
    expect(faults).toEqual([]);
    for (const value of ['2001:db8::1', '0.0.0.0/0', '192.0.2.1/33', '']) expect(texts(nodeAddress4, value)).toBeNull();
    for (const value of ['192.0.2.1', '::/0', 'fe80::1/64', '::ffff:192.0.2.1'])
      expect(texts(nodeAddress6, value)).toBeNull();
    expect(faults).toHaveLength(8);
    expect(faults[0]).toMatchObject({ severity: 'error', code: 'invalid-value', path: [] });
  });
});

describe('names', () => {
  it.each(['a', 'worker-1', 'node.worker_1', 'A.b-C', '1', 'x'.repeat(253)])('may be %j', (name) => {
    expect(isResourceName(name)).toBe(true);
  });

  it.each([
    '',
    '-a',
    'a-',
    '.a',
    'a.',
    '_a',
    '..',
    'a b',
    'a/b',
    'a\n',
    'ä',
    '__proto__',
    'x'.repeat(254),
    'a;b',
    '{{a}}',
  ])('may not be %j', (name) => {
    expect(isResourceName(name)).toBe(false);
  });

  it('of interfaces may hold wildcards, but nothing that ends a string', () => {
    for (const value of ['eth0', 'cali*', 'ens?f1.100@bond:0', 'vlan+', '-'])
      expect(interfacePattern.decode(value, [])).toBe(value);
    for (const value of ['', 'eth 0', 'a"b', 'a\n', 'a;', '[ab]', 'x'.repeat(65), 'ö', '*"; }'])
      expect(interfacePattern.decode(value, [])).toBe(INVALID);
  });
});

describe('parseSeconds', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['90s', 90],
    ['1m30s', 90],
    ['7s500ms', 8],
    ['7s499ms', 7],
    ['1.5s', 2],
    ['.5s', 1],
    ['499999us', 0],
    ['500000µs', 1],
    ['500000μs', 1],
    ['1h', 3600],
    ['1000000000ns', 1],
    ['0.5m0.5s', 31],
    ['+10s', 10],
    ['18h12m15s', 65535],
  ])('reads %s as %d, rounding half away from zero', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each([
    '',
    '10',
    '1',
    '-1s',
    's',
    '1 s',
    '1d',
    '1s ',
    '1e3s',
    '.s',
    '1..5s',
    '1m-1s',
    '65536s',
    '18h12m16s',
    '١s',
    `${'9'.repeat(400)}s`,
  ])('refuses %j', (text) => {
    expect(parseSeconds(text)).toBeNull();
  });
});

describe('parseCommunity', () => {
  it.each([
    ['64496:100', [64496, 100]],
    ['0:0', [0, 0]],
    ['65535:65535', [65535, 65535]],
    ['0:0:0', [0, 0, 0]],
    ['4294967295:4294967295:4294967295', [4294967295, 4294967295, 4294967295]],
    ['00001:02', [1, 2]],
  ])('reads %s as %j', (text, parts) => {
    expect(parseCommunity(text)).toEqual(parts);
  });

  it.each([
    '',
    '1',
    '1:',
    ':1',
    '1:2:3:4',
    '65536:1',
    '1:65536',
    '4294967296:1:1',
    '1:2:',
    '-1:2',
    '1 :2',
    '1:2\n',
    'no-export',
    '١:٢',
  ])('refuses %j', (text) => {
    expect(parseCommunity(text)).toBeNull();
  });
});

describe('parseTypedCidr', () => {
  it('keeps the text as typed, but for bits behind the length', () => {
    const texts = (value: string) => parseTypedCidr(value)?.text;
    expect(texts('198.51.100.0/24')).toBe('198.51.100.0/24');
    expect(texts('2001:DB8:0::/48')).toBe('2001:DB8:0::/48');
    expect(texts('198.51.100.9/24')).toBe('198.51.100.0/24');
    expect(texts('2001:DB8::9/48')).toBe('2001:db8::/48');
    expect(parseTypedCidr('2001:db8::9/128')).toMatchObject({ family: 6, length: 128, width: 128 });
    for (const value of ['', '198.51.100.0', '198.51.100.0/33', '::ffff:198.51.100.0/120', '/24'])
      expect(parseTypedCidr(value)).toBeNull();
  });
});
