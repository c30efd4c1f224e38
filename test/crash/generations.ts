import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bgpTargets } from '../../src/bgp-targets.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import type { Bundle } from '../../src/render/bundle.ts';
import type { Layout } from '../../src/render/view.ts';
import type { Target } from '../../src/targets.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { block, configuration, information, node, peer, pool } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { Random } from './random.ts';

export const OWN = { name: 'node-a', address: '10.9.0.1' };
/** Its session is Established, and no generation touches it. */
export const ROUTER = { session: 'Global_10_9_0_254', address: '10.9.0.254', asNumber: 64999 };
/** Nobody is there; a generation that restarts sessions gives it another AS number. */
const RESTARTED = { session: 'Global_10_9_0_253', address: '10.9.0.253' };
const LABELLED = { session: 'Global_10_9_0_252', address: '10.9.0.252', asNumber: 64998 };

/** How a generation differs from the one before: it adds a session, it takes older ones away and restarts one, or only comments differ. */
export type Kind = 'adds' | 'restarts' | 'comments';

/** What BIRD shows of a generation. */
export interface Shown {
  /** BGP sessions, sorted. */
  readonly sessions: readonly string[];
  readonly asNumber: number;
  readonly block: string;
}

export interface Generation {
  readonly number: number;
  readonly kind: Kind;
  /** The datastore, as `--input` takes it. */
  readonly data: string;
  readonly bundle: Bundle;
  readonly shown: Shown;
}

/** Fewer than the guards begin to count from. */
const MOST_ADDED = 6;

interface Facts {
  readonly added: readonly number[];
  readonly restarted: number;
  readonly label: number;
}

const byNumber = (prefix: string, number: number) => `${prefix}.${number >> 8}.${number & 255}`;

function entriesOf({ added, restarted, label }: Facts): readonly (readonly [string, string])[] {
  const newest = added.at(-1) ?? 0;
  const range = byNumber('10', 64 * 256 + newest);
  return [
    information('v3.33.0'),
    configuration('default', { asNumber: 64512, nodeToNodeMeshEnabled: false, logSeverityScreen: 'Info' }),
    node(OWN.name, `${OWN.address}/24`),
    pool('generation', `${range}.0/24`, { ipipMode: 'Never', vxlanMode: 'Never' }),
    block(OWN.name, `${range}.0/26`),
    peer('router', { peerIP: ROUTER.address, asNumber: ROUTER.asNumber }),
    peer('restarted', { peerIP: RESTARTED.address, asNumber: 65000 + restarted }),
    peer(`label-${label}`, { peerIP: LABELLED.address, asNumber: LABELLED.asNumber }),
    ...added.map((number) => peer(`added-${number}`, { peerIP: byNumber('10.7', number), asNumber: 64700 })),
  ];
}

function shownOf({ added, restarted }: Facts): Shown {
  const names = added.map((number) => `Global_${byNumber('10.7', number).replaceAll('.', '_')}`);
  return {
    sessions: [...names, ROUTER.session, RESTARTED.session, LABELLED.session].sort(),
    asNumber: 65000 + restarted,
    block: `${byNumber('10', 64 * 256 + (added.at(-1) ?? 0))}.0/26`,
  };
}

const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));

/**
 * A cluster that changes: each generation but those of comments shows its number in every file (a peer in the head, a block, a pool),
 * and in what BIRD says of itself. The kinds are the seed's. The files are those of a fresh render, in this process.
 */
export class Generations {
  readonly layout: Layout;
  readonly #kinds: Random;
  readonly #target: Target;
  readonly #all: Generation[] = [];
  readonly #byText = new Map<string, Map<string, number[]>>();
  #facts: Facts = { added: [], restarted: 0, label: 0 };

  private constructor(layout: Layout, seed: number, target: Target) {
    this.layout = layout;
    this.#kinds = new Random(seed);
    this.#target = target;
  }

  static async make(layout: Layout, seed: number): Promise<Generations> {
    const templates = await readTemplates(builtInTemplates(), 'bird1');
    const options = { flavour: '1.6', layout, templates, version, lastGood: new Map() } as const;
    const bird = { binary: 'bird' };
    const [target] = bgpTargets({ self: selfFor(OWN.name), ...options }, { output: '/', bird, bird6: bird });
    return new Generations(layout, seed, target);
  }

  get fileNames(): readonly string[] {
    return this.#target.fileNames;
  }

  get newest(): Generation {
    return this.at(this.#all.length);
  }

  at(number: number): Generation {
    const found = this.#all[number - 1];
    if (!found) throw new Error(`there is no generation ${number} yet`);
    return found;
  }

  /** Makes the next generation, counted from 1. */
  next(): Generation {
    const number = this.#all.length + 1;
    const kind = this.#kindOf(number);
    const { added, restarted, label } = this.#facts;
    if (kind === 'adds') this.#facts = { added: [...added, number], restarted, label };
    else if (kind === 'restarts') this.#facts = { added: [number], restarted: number % 500, label };
    else this.#facts = { added, restarted, label: number };
    const entries = entriesOf(this.#facts);
    const { bundle } = this.#target.render(new TestStore(OWN.name, entries).snapshot(), null);
    if (!bundle) throw new Error('a generation without files');
    for (const { name, text } of bundle.files) {
      const numbers = this.#byText.get(name) ?? new Map<string, number[]>();
      this.#byText.set(name, numbers.set(text, [...(numbers.get(text) ?? []), number]));
    }
    const data = JSON.stringify(Object.fromEntries(entries));
    this.#all.push({ number, kind, data, bundle, shown: shownOf(this.#facts) });
    return this.newest;
  }

  /** The generations of which this is the file; [] = it is of none, as one that is torn. */
  ofText(name: string, text: string | null): readonly number[] {
    return (text !== null && this.#byText.get(name)?.get(text)) || [];
  }

  /** The newest generation of which all these are the files, in the order of `fileNames`; null = a mixture. */
  ofFiles(texts: readonly (string | null)[]): number | null {
    const sets = this.fileNames.map((name, i) => this.ofText(name, texts[i] ?? null));
    return sets[0]?.findLast((number) => sets.every((set) => set.includes(number))) ?? null;
  }

  #kindOf(number: number): Kind {
    const share = this.#kinds.next();
    if (number === 1) return 'adds';
    if (share < 0.15) return 'comments';
    return share < 0.55 || this.#facts.added.length >= MOST_ADDED ? 'restarts' : 'adds';
  }
}
