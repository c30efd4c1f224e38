import {
  type Cidr,
  type IpAddress,
  isSessionAddress,
  parseAddressAndLength,
  parseAddressWithLength,
  parseCidr,
  parseIp,
} from '../core/ip-address.ts';
import { text, textOrNumber } from './field.ts';

/** An autonomous system number, 0 to 4294967295. Branded: made only by `parseAsNumber`. */
export type AsNumber = number & { readonly brand: 'AsNumber' };

const DECIMAL = /^\d{1,10}$/;
const DOTTED = /^(\d{1,5})\.(\d{1,5})$/;

/** Plain decimal, or dotted `high.low` of 16 bits each (spec calico-v3, 1.1). Null for anything else. */
export function parseAsNumber(value: string): AsNumber | null {
  const [, high, low] = DOTTED.exec(value) ?? [];
  if (high !== undefined && low !== undefined) {
    return Number(high) > 0xffff || Number(low) > 0xffff ? null : ((Number(high) * 0x10000 + Number(low)) as AsNumber);
  }
  return DECIMAL.test(value) && Number(value) <= 0xffffffff ? (Number(value) as AsNumber) : null;
}

export const asNumber = textOrNumber(
  'an AS number: 0 to 4294967295, or two 16-bit numbers with a dot between',
  parseAsNumber,
);

/** The AS number of a session's end: BIRD refuses a configuration with an AS 0, whatever else is in it. */
export const sessionAsNumber = textOrNumber(
  'an AS number: 1 to 4294967295, or two 16-bit numbers with a dot between',
  (value) => parseAsNumber(value) || null,
);

export const ipAddress = text('an IPv4 or IPv6 address', parseIp);

export const ipv4Address = text('an IPv4 address', (value) => {
  const address = parseIp(value);
  return address?.family === 4 ? address : null;
});

export const cidr = text('a CIDR such as 10.0.0.0/16', parseCidr);

/** An address as a Node carries it. Only texts: there are thousands, and the subnet is asked of one. */
export interface NodeAddress {
  readonly text: string;
  /** The local subnet, as `parseAddressWithLength` reads it: the whole address where no length is given. */
  readonly subnet: string;
}

/** BIRD refuses the whole configuration for one neighbor whose address is all zeros or link-local. */
const nodeAddress = (family: 4 | 6) =>
  text(`an IPv${family} address with or without a length, no link-local one`, (value): NodeAddress | null => {
    const address = parseAddressAndLength(value)?.address;
    return address?.family === family && isSessionAddress(address) ? { text: address.text, subnet: value } : null;
  });

/** The local subnet of an address; null for no address. */
export const subnetOf = (address: NodeAddress | null): Cidr | null =>
  address && (parseAddressWithLength(address.subnet)?.network ?? null);

export const nodeAddress4 = nodeAddress(4);
export const nodeAddress6 = nodeAddress(6);

/** A peer's address and port; port 0 = not given (spec 2.4). `host` is the address as it was typed. */
export interface PeerAddress {
  readonly host: string;
  readonly address: IpAddress;
  readonly port: number;
}

/** `a.b.c.d`, `a.b.c.d:port`, `x::y` or `[x::y]:port`. Null for anything else. */
export function parsePeerAddress(value: string): PeerAddress | null {
  const [, v6, v4, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
  const host = v6 ?? v4 ?? value;
  const address = parseIp(host);
  const number = port === undefined ? 0 : Number(port);
  return address && isSessionAddress(address) && number <= 65535 ? { host, address, port: number } : null;
}

export const peerAddress = text(
  'an address, or address:port, or [IPv6 address]:port, no link-local one',
  parsePeerAddress,
);

/** What BIRD takes in an interface pattern and Linux in a name; wildcards included, quotes and blanks not. */
const INTERFACE = /^[A-Za-z0-9_.:@+*?-]{1,64}$/;

export const interfacePattern = text('an interface name or pattern of A-Z a-z 0-9 _ . : @ + * ? -', (value) =>
  INTERFACE.test(value) ? value : null,
);

/** Resource names: DNS-1123 subdomains, and the upper case and underscores that hosts have in the wild. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

export const isResourceName = (value: string): boolean => NAME.test(value);

export const resourceName = text('a resource name of letters, digits, ".", "-" and "_"', (value) =>
  isResourceName(value) ? value : null,
);

const COMMUNITY = /^(\d{1,10}):(\d{1,10})(?::(\d{1,10}))?$/;

/** `a:b` of 16 bits each, or `a:b:c` of 32 bits each, as numbers. Null for anything else. */
export function parseCommunity(value: string): readonly number[] | null {
  const parts =
    COMMUNITY.exec(value)
      ?.slice(1)
      .filter((part) => part !== undefined)
      .map(Number) ?? [];
  const highest = parts.length === 2 ? 0xffff : 0xffffffff;
  return parts.length > 0 && parts.every((part) => part <= highest) ? parts : null;
}

export const communityValue = text('a community a:b or a large community a:b:c', parseCommunity);

/** A CIDR as a filter or a service range states it: the text as typed, unless bits behind its length are set. */
export interface TypedCidr {
  readonly family: 4 | 6;
  readonly text: string;
  readonly length: number;
  /** Of its family: 32 or 128. */
  readonly width: number;
}

/** BIRD takes any spelling of an address but no bits behind the length, so only then the canonical text stands for what was typed. */
export function parseTypedCidr(value: string): TypedCidr | null {
  const parsed = value.includes('/') ? parseAddressWithLength(value) : null;
  if (!parsed) return null;
  const { address, network } = parsed;
  const typed = address.bits === network.address.bits && value.includes(':') === (network.family === 6);
  const width = network.family === 4 ? 32 : 128;
  return { family: network.family, text: typed ? value : network.text, length: network.length, width };
}

export const typedCidr = text('a CIDR such as 10.0.0.0/16', (value): TypedCidr | null => parseTypedCidr(value));

export const ruleCidr = (family: 4 | 6) =>
  text(`an IPv${family} CIDR`, (value): TypedCidr | null => {
    const typed = parseTypedCidr(value);
    return typed?.family === family ? typed : null;
  });

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const DURATION =
  /^\+?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/;

/** A duration as Go writes it (`10s`, `1m30s`, `7s500ms`) in whole seconds, rounded half away from zero. Null for anything else. */
export function parseSeconds(value: string): number | null {
  if (value === '0') return 0;
  if (!DURATION.test(value)) return null;
  const parts = value.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g);
  const total = [...parts].reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNIT_SECONDS[unit] ?? 0), 0);
  const whole = Math.round(Number(total.toFixed(9)));
  return whole <= LONGEST_SECONDS ? whole : null;
}

/** What BIRD takes in 16 bits. */
const LONGEST_SECONDS = 65535;

export const seconds = text('a duration such as 90s or 1m30s', parseSeconds);
