import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isHostRoute,
  isSessionAddress,
  network,
  parseAddressWithLength,
  parseCidr,
  parseIp,
} from '../../src/core/ip-address.ts';

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
/** Groups with many zeros, where the shortening is. */
const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
const groups = fc.tuple(group, group, group, group, group, group, group, group);
const isMapped = (g: readonly number[]) => g.slice(0, 5).every((n) => n === 0) && g[5] === 0xffff;
/** The address as the URL standard prints it: RFC 5952, from an implementation that is not ours. */
const reference = (g: readonly number[]) =>
  new URL(`http://[${g.map((n) => n.toString(16)).join(':')}]/`).hostname.slice(1, -1);

describe('parseIp', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::A', '2001:db8::a'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('prints %s as %s', (text, canonical) => {
    const address = parseIp(text);
    expect(address?.text).toBe(canonical);
    expect(address?.family).toBe(canonical.includes(':') ? 6 : 4);
  });

  it.each([
    '',
    ' ',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '0x1.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4/32',
    '１.2.3.4',
    '3232235777',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '::1%',
    '[::1]',
    '::ffff:01.2.3.4',
    '::ffff:1.2.3',
    'localhost',
  ])('refuses %j', (text) => {
    expect(parseIp(text)).toBeNull();
  });

  it('reads any IPv4 address back', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const address = parseIp(parts.join('.'));
        expect(address?.text).toBe(parts.join('.'));
        expect(address?.bits).toBe(parts.reduce((bits, part) => bits * 256n + BigInt(part), 0n));
      }),
    );
  });

  it('prints any IPv6 address as the standard does, and reads it back to the same bits', () => {
    fc.assert(
      fc.property(groups, (g) => {
        const full = g
          .map((n) => n.toString(16).padStart(4, '0'))
          .join(':')
          .toUpperCase();
        const address = parseIp(full);
        expect(address?.bits).toBe(
          isMapped(g) ? (address?.bits ?? 0n) & 0xffffffffn : BigInt(`0x${full.replaceAll(':', '')}`),
        );
        expect(parseIp(address?.text ?? '')).toEqual(address);
        if (!isMapped(g)) expect(address?.text).toBe(reference(g));
      }),
      { examples: [[[0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]], [[0, 0, 0, 0, 0, 0, 0, 0]]] },
    );
  });
});

describe('parseCidr', () => {
  it.each([
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['198.51.100.77/24', '198.51.100.0/24'],
    ['198.51.100.77/32', '198.51.100.77/32'],
    ['255.255.255.255/0', '0.0.0.0/0'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['198.51.100.77/31', '198.51.100.76/31'],
    ['2001:DB8::1/64', '2001:db8::/64'],
    ['2001:db8::ffff/122', '2001:db8::ffc0/122'],
    ['ffff::/1', '8000::/1'],
    ['::1/0', '::/0'],
    ['::1/128', '::1/128'],
  ])('masks %s to %s', (text, canonical) => {
    const cidr = parseCidr(text);
    expect(cidr?.text).toBe(canonical);
    expect(cidr?.length).toBe(Number(canonical.split('/')[1]));
    expect(parseCidr(canonical)).toEqual(cidr);
  });

  it.each([
    '198.51.100.0',
    '198.51.100.0/',
    '/24',
    '198.51.100.0/33',
    '2001:db8::/129',
    '198.51.100.0/-1',
    '198.51.100.0/+1',
    '198.51.100.0/024',
    '198.51.100.0/24.0',
    '198.51.100.0/2e1',
    '198.51.100.0/24/24',
    '198.51.100.0 /24',
    '198.51.100.0/24 ',
    '198.51.100/24',
    '::ffff:198.51.100.0/24',
    '::ffff:198.51.100.0/120',
    '198.51.100.0/255.255.255.0',
    '２/24',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeNull();
  });

  it('keeps the first bits and clears the rest', () => {
    fc.assert(
      fc.property(octets, fc.nat(32), (parts, length) => {
        const address = parseIp(parts.join('.'))!;
        const { address: masked } = network(address, length);
        const shift = BigInt(32 - length);
        expect(masked.bits >> shift).toBe(address.bits >> shift);
        expect(masked.bits & ((1n << shift) - 1n)).toBe(0n);
      }),
    );
  });
});

describe('parseAddressWithLength', () => {
  it('keeps the address beside its network, and takes the whole address for one without a length', () => {
    const texts = (text: string) => {
      const parsed = parseAddressWithLength(text);
      return parsed && [parsed.address.text, parsed.network.text, isHostRoute(parsed.network)];
    };
    expect(texts('192.0.2.9/24')).toEqual(['192.0.2.9', '192.0.2.0/24', false]);
    expect(texts('192.0.2.9')).toEqual(['192.0.2.9', '192.0.2.9/32', true]);
    expect(texts('2001:DB8::9/64')).toEqual(['2001:db8::9', '2001:db8::/64', false]);
    expect(texts('2001:db8::9')).toEqual(['2001:db8::9', '2001:db8::9/128', true]);
    expect(texts('::ffff:192.0.2.9')).toEqual(['192.0.2.9', '192.0.2.9/32', true]);
    expect(texts('::ffff:192.0.2.9/24')).toBeNull();
  });
});

describe('isSessionAddress', () => {
  it.each([
    ['192.0.2.1', true],
    ['0.0.0.0', false],
    ['169.254.0.1', true],
    ['2001:db8::1', true],
    ['::', false],
    ['fe80::1', false],
    ['febf:ffff::1', false],
    ['fec0::1', true],
    ['fe7f::1', true],
  ])('is told of %s as BIRD does', (text, expected) => {
    expect(isSessionAddress(parseIp(text)!)).toBe(expected);
  });
});
