import { isIP } from 'node:net';

export type Family = 4 | 6;

/** An address in canonical text as Go prints it: IPv6 by RFC 5952, v4-mapped IPv6 as IPv4 (spec calico-v3, appendix B). */
export interface IpAddress {
  readonly family: Family;
  readonly text: string;
  readonly bits: bigint;
}

/** A CIDR whose host bits are zero, in canonical text. */
export interface Cidr {
  readonly family: Family;
  readonly text: string;
  readonly address: IpAddress;
  readonly length: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;
const V4_MAPPED = 0xffffn << 32n;

/** In a plain number first: arithmetic in bigints takes ten times as long, and a cluster has thousands of these. */
function v4Bits(text: string): bigint {
  const [a, b, c, d] = text.split('.');
  return BigInt(((Number(a) * 256 + Number(b)) * 256 + Number(c)) * 256 + Number(d));
}

function v4Text(bits: bigint): string {
  const number = Number(bits);
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

function v6Bits(text: string): bigint {
  const tail = text.lastIndexOf(':') + 1;
  const dotted = text.slice(tail);
  let hex = text;
  if (dotted.includes('.')) {
    const low = v4Bits(dotted);
    hex = `${text.slice(0, tail)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head = '', rest] = hex.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = rest === undefined ? [] : groups(rest);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function v6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { start: -1, length: 1 }; // a single zero group is not shortened
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return best.start < 0 ? hex(0, 8) : `${hex(0, best.start)}::${hex(best.start + best.length, 8)}`;
}

function fromBits(family: Family, bits: bigint): IpAddress {
  return { family, text: family === 6 ? v6Text(bits) : v4Text(bits), bits };
}

/** Parses an address. `net.isIP` decides what one is: no zone, no octal, no shortened IPv4. Null otherwise. */
export function parseIp(text: string): IpAddress | null {
  const kind = isIP(text);
  if (kind === 4) return { family: 4, text, bits: v4Bits(text) };
  if (kind !== 6 || text.includes('%')) return null;
  const bits = v6Bits(text);
  return bits >> 32n === V4_MAPPED >> 32n ? fromBits(4, bits & 0xffffffffn) : fromBits(6, bits);
}

/** The network of the first `length` bits of `address`. */
export function network(address: IpAddress, length: number): Cidr {
  const drop = BigInt(WIDTH[address.family] - length);
  const masked = fromBits(address.family, (address.bits >> drop) << drop);
  return { family: address.family, text: `${masked.text}/${length}`, address: masked, length };
}

/**
 * An address, and the length behind it; without one, the whole address. Null when it is neither, and for a v4-mapped address with a
 * length, which might count either family's bits.
 */
export function parseAddressAndLength(text: string): { address: IpAddress; length: number } | null {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = parseIp(host);
  if (!address) return null;
  if (slash < 0) return { address, length: WIDTH[address.family] };
  if (address.family === 4 && host.includes(':')) return null;
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > WIDTH[address.family]) return null;
  return { address, length: Number(length) };
}

/** The same with the network of that length. */
export function parseAddressWithLength(text: string): { address: IpAddress; network: Cidr } | null {
  const parsed = parseAddressAndLength(text);
  return parsed && { address: parsed.address, network: network(parsed.address, parsed.length) };
}

/** A CIDR, host bits masked away; the length is required. Null when it is none. */
export function parseCidr(text: string): Cidr | null {
  return text.includes('/') ? (parseAddressWithLength(text)?.network ?? null) : null;
}

/** True where BIRD takes the address for a session's end: not all zeros, and no IPv6 link-local, which needs an interface. */
export const isSessionAddress = ({ family, bits }: IpAddress): boolean =>
  bits !== 0n && !(family === 6 && bits >> 118n === 0x3fan);

/** True for a whole address: /32 or /128. */
export const isHostRoute = (cidr: Cidr): boolean => cidr.length === WIDTH[cidr.family];

/** True where every address of `narrow` is in `wide`; a network contains itself. */
export const contains = (wide: Cidr, narrow: Cidr): boolean =>
  wide.family === narrow.family &&
  wide.length <= narrow.length &&
  network(narrow.address, wide.length).text === wide.text;
