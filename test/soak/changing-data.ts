import { resourceKey } from '../../src/core/keys.ts';
import type { Random } from '../crash/random.ts';
import type { Shape } from '../faults/running.ts';
import { NODE, ROUTER } from '../faults/site.ts';
import { block, configuration, filter, peer } from '../support/cluster.ts';

const MOST_PEERS = 24;
const MOST_BLOCKS = 40;

/** One write: null deletes. */
export type Write = readonly [key: string, value: string | null];

const sessionName = (address: string): string => `Global_${address.replaceAll('.', '_')}`;
const peerAddress = (n: number): string => `10.9.0.${100 + n}`;
const blockRange = (n: number): string => `10.48.${2 + n}.0/26`;

/** What a cluster's data go through, one random write after the other, and what BIRD should show of it. */
export class ChangingData {
  readonly #random: Random;
  readonly #peers = new Map<number, number>();
  readonly #blocks = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Write {
    const random = this.#random;
    const kind = random.whole(0, 9);
    if (kind <= 3) return this.#peer(random.whole(1, MOST_PEERS));
    if (kind <= 6) return this.#block(random.whole(1, MOST_BLOCKS));
    if (kind === 7) return this.#badPeer();
    if (kind === 8) {
      const cidr = `10.${random.whole(100, 120)}.0.0/16`;
      return filter(`f${random.whole(1, 5)}`, { exportV4: [{ action: 'Reject', cidr, matchOperator: 'In' }] });
    }
    const keys = { asNumber: 64512, nodeToNodeMeshEnabled: false, logSeverityScreen: 'Info' };
    return configuration('default', {
      ...keys,
      communities: [{ name: 'soak', value: `64512:${random.whole(1, 60_000)}` }],
    });
  }

  /** In the words of `shapeShown`. */
  shape(): Shape {
    const of = (address: string, as: number) => `${sessionName(address)} ${address} ${as}`;
    const peers = [...this.#peers].map(([n, as]) => of(peerAddress(n), as));
    return {
      sessions: [...peers, of(ROUTER.address, ROUTER.asNumber)].sort(),
      blocks: [...this.#blocks].map(blockRange).concat('10.48.1.0/26').sort(),
    };
  }

  #peer(n: number): Write {
    const goes = this.#peers.has(n) && this.#random.chance(0.4);
    if (goes) {
      this.#peers.delete(n);
      return [resourceKey('BGPPeer', `p${n}`), null];
    }
    const asNumber = this.#random.whole(65_001, 65_009);
    this.#peers.set(n, asNumber);
    const filters = this.#random.chance(0.3) ? { filters: [`f${this.#random.whole(1, 5)}`] } : {};
    return peer(`p${n}`, { peerIP: peerAddress(n), asNumber, ...filters });
  }

  /** Of a key that never was valid, so that it counts as absent, also for a render that knows no past. */
  #badPeer(): Write {
    const [key, value] = peer(`bad${this.#random.whole(1, 3)}`, { peerIP: '10.9.0.999', asNumber: 65_000 });
    return [key, this.#random.chance(0.5) ? value : null];
  }

  #block(n: number): Write {
    const key = block(NODE.name, blockRange(n));
    if (!this.#blocks.delete(n)) {
      this.#blocks.add(n);
      return key;
    }
    return [key[0], null];
  }
}
