import { createHmac } from 'node:crypto';
import { type IpAddress, network, parseIp } from '../../core/ip-address.ts';

const WIDTH = { 4: 32, 6: 128 } as const;
/** The last bits stay: a host's number in its subnet, and with it who connects to whom, is as before. */
const LAST = { 4: 8, 6: 16 } as const;

/** Ranges with a meaning of their own, which has to stay, with how many of their first bits make it; the first that fits. */
const MEANT: readonly (readonly [range: string, length: number, kept: number])[] = [
  ['0.0.0.0', 8, 32],
  ['10.0.0.0', 8, 8],
  ['100.64.0.0', 10, 10],
  ['127.0.0.0', 8, 32],
  ['169.254.0.0', 16, 16],
  ['172.16.0.0', 12, 12],
  ['192.0.2.0', 24, 24],
  ['192.168.0.0', 16, 16],
  ['198.51.100.0', 24, 24],
  ['203.0.113.0', 24, 24],
  ['224.0.0.0', 3, 32],
  ['::', 8, 128],
  ['fc00::', 7, 8],
  ['fe80::', 10, 64],
  ['ff00::', 8, 128],
  ['2001:db8::', 32, 32],
  ['2000::', 3, 3],
];

/** First octets that begin a range with a meaning of its own: no other address may end up there, and none there may leave it. */
const SPECIAL = new Set([0, 10, 100, 127, 169, 172, 192, 198, 203]);

/**
 * Maps addresses to others so that what two of them have in common stays in common: the same network before, the same network after, at
 * every length. Private, documentation and other special ranges stay what they are, and so does a host's number in its subnet.
 */
export class AddressMap {
  readonly #key: Buffer;
  readonly #bits = new Map<string, bigint>();
  readonly #octets: ReadonlyMap<number, number>;

  /** The same key gives the same addresses; who does not know it cannot go back. */
  constructor(key: Buffer) {
    this.#key = key;
    const ordinary = Array.from({ length: 223 }, (_, i) => i + 1).filter((octet) => !SPECIAL.has(octet));
    const rank = (octet: number) => createHmac('sha256', key).update(`octet ${octet}`).digest('hex');
    const shuffled = ordinary.map((octet) => [rank(octet), octet] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    this.#octets = new Map(ordinary.map((octet, i) => [octet, shuffled[i]?.[1] ?? octet]));
  }

  /** `192.0.2.1`, `10.0.0.0/8` and the like; anything else as it is. Of a network only what its length covers is looked at. */
  map(text: string): string {
    const [host = '', length] = text.split('/');
    const address = parseIp(host);
    if (!address || (length !== undefined && !/^\d{1,3}$/.test(length))) return text;
    const width = WIDTH[address.family];
    const isNetwork =
      length !== undefined && Number(length) < width && network(address, Number(length)).address.bits === address.bits;
    const mapped = network({ ...address, bits: this.#mapped(address) }, isNetwork ? Number(length) : width).address
      .text;
    return length === undefined ? mapped : `${mapped}/${length}`;
  }

  #mapped(address: IpAddress): bigint {
    const { family, text } = address;
    const known = this.#bits.get(text);
    if (known !== undefined) return known;
    const width = WIDTH[family];
    const meant = MEANT.find(([range, length]) => {
      const parsed = parseIp(range);
      return parsed?.family === family && network(parsed, length).text === network(address, length).text;
    });
    const octet = Number(address.bits >> 24n);
    const moved = family === 4 && !meant ? this.#octets.get(octet) : undefined;
    const kept = meant?.[2] ?? (moved === undefined ? 16 : 8);
    let bits = address.bits;
    if (moved !== undefined) bits = (BigInt(moved) << 24n) | (bits & 0xffffffn);
    for (let at = kept; at < width - LAST[family]; at++) {
      // A bit is turned or not by the bits before it: equal beginnings stay equal.
      const before = (address.bits >> BigInt(width - at)).toString(16);
      const turn = createHmac('sha256', this.#key).update(`${family} ${at} ${before}`).digest()[0] ?? 0;
      if (turn & 1) bits ^= 1n << BigInt(width - 1 - at);
    }
    this.#bits.set(text, bits);
    return bits;
  }
}
