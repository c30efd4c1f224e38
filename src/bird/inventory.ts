import { type Cidr, network, parseCidr } from '../core/ip-address.ts';
import { byBytes } from '../core/order.ts';
import type { BirdText } from './pieces.ts';
import { readConfiguration } from './protocols.ts';
import { canonical, type Statement } from './statements.ts';

/** What a configuration holds that a guard counts: ours, and those that Calico's own confd writes or wrote. */
export interface Inventory {
  /** Names of the BGP protocols. */
  readonly sessions: ReadonlySet<string>;
  /** Destinations of the static routes: blocks, and service ranges that are announced. */
  readonly blocks: ReadonlySet<string>;
  /**
   * Ranges that a rule lets through or stops, pools and service ranges, each with what happens to its routes: the rules that decide
   * about them towards the kernel and towards the neighbors, and what these add, in canonical text. Blocks of the node are not among them.
   */
  readonly pools: ReadonlyMap<string, string>;
}

interface Rule {
  readonly range: Cidr;
  readonly text: string;
  /** Ends in accept or reject, whatever the route: no later rule has a say. */
  readonly decides: boolean;
}

/** Where what neighbors are told is decided: since Calico 3.0, and in releases with etcd v2. */
const TO_PEERS = /^(function calico_export_to_bgp_peers|filter calico_pools)\b/;
const RANGE = /^if \( ?net ~ (\S+) ?\) then$/;
const CALL = /^('[^']+'|\w+) \(.*\)$/;
const FINAL = /^(accept|reject)$/;

/** The statements of a body, with those of the functions that it calls in the calls' place. */
function flattened(
  body: readonly Statement[],
  functions: ReadonlyMap<string, Statement>,
  depth = 8,
): readonly Statement[] {
  return body.flatMap((statement) => {
    const called = statement.body ? undefined : functions.get(CALL.exec(statement.words)?.[1] ?? '')?.body;
    if (!called || depth === 0) return [statement];
    // A function with rules for exact routes is about the blocks of this node, whose coming and going is daily business.
    return called.some(({ words }) => /^if \( ?net = /.test(words)) ? [] : flattened(called, functions, depth - 1);
  });
}

/** Calico's releases differ in whether a whole condition stands in parentheses, which says nothing. */
const plain = (text: string): string =>
  text.replace(/\bif \( (.*?) \) then\b/g, (whole, condition: string) => {
    let open = 0;
    const closes = condition.split(' ').some((word) => {
      open += word === '(' ? 1 : word === ')' ? -1 : 0;
      return open < 0;
    });
    return closes ? whole : `if ${condition} then`;
  });

function rulesOf(statements: readonly Statement[]): readonly Rule[] {
  return statements.flatMap(({ words, body }) => {
    const range = parseCidr(RANGE.exec(words)?.[1] ?? '');
    const decides = FINAL.test(body?.at(-1)?.words ?? '');
    // Up to Calico 3.31 a pool without communities has a rule that does nothing.
    return range && body?.length ? [{ range, decides, text: plain(body.map(canonical).join(' ')) }] : [];
  });
}

/** A chain of rules, found by their ranges: of thousands, few have a say about one pool. */
class Chain {
  readonly #otherwise: string;
  readonly #byRange = new Map<string, (Rule & { readonly at: number })[]>();
  readonly #lengths: ReadonlySet<number>;

  constructor(rules: readonly Rule[], otherwise: string) {
    this.#otherwise = otherwise;
    this.#lengths = new Set(rules.map(({ range }) => range.length));
    for (const [at, rule] of rules.entries()) {
      const others = this.#byRange.get(rule.range.text) ?? [];
      others.push({ ...rule, at });
      this.#byRange.set(rule.range.text, others);
    }
  }

  /** What it does with routes of `pool`: wider ranges have their say too, in order, until one decides. */
  effectOn(pool: Cidr): string {
    const lengths = [...this.#lengths].filter((length) => length <= pool.length);
    const concerned = lengths
      .flatMap((length) => this.#byRange.get(network(pool.address, length).text) ?? [])
      .sort((a, b) => a.at - b.at);
    const last = concerned.findIndex(({ decides }) => decides);
    if (last >= 0) return textsOf(concerned.slice(0, last + 1)).join(' ');
    return [...textsOf(concerned), this.#otherwise].join(' ');
  }
}

const textsOf = (rules: readonly Rule[]): readonly string[] => rules.map(({ text }) => text);

/** The filter between BIRD and the kernel: named by the kernel's protocol or its template. */
function kernelFilter(statements: readonly Statement[], bodies: ReadonlyMap<string, Statement>): readonly Statement[] {
  const exports = statements
    .filter(({ words }) => /^(protocol|template) kernel\b/.test(words))
    .flatMap(({ body }) => body ?? [])
    .filter(({ words }) => words.startsWith('export filter'));
  const last = exports.at(-1);
  return last?.body ?? bodies.get(last?.words.split(' ')[2] ?? '')?.body ?? [];
}

/** What a configuration holds, counted as it is asked for. Never throws; what it does not understand it does not count. */
export function inventoryOf(text: BirdText): Inventory {
  const { groups, statements } = readConfiguration(text);
  const ofType = (type: string) => groups.flatMap((group) => group.filter((protocol) => protocol.type === type));
  const bodies = new Map(
    statements.flatMap((s): [string, Statement][] => {
      const name = /^(?:function|filter) ('[^']+'|\w+)/.exec(s.words)?.[1];
      return name === undefined ? [] : [[name, s]];
    }),
  );
  const toKernel = flattened(kernelFilter(statements, bodies), bodies);
  const toPeers = flattened(statements.find(({ words }) => TO_PEERS.test(words))?.body ?? [], bodies);
  const [kernelRules, peerRules] = [rulesOf(toKernel), rulesOf(toPeers)];
  const ending = (all: readonly Statement[]) =>
    all
      .filter(({ words }) => FINAL.test(words))
      .map(canonical)
      .at(-1);
  const ranges = new Map(
    [...kernelRules, ...peerRules].filter((r) => r.decides).map(({ range }) => [range.text, range]),
  );
  const kernel = new Chain(kernelRules, ending(toKernel) ?? '');
  const peers = new Chain(peerRules, ending(toPeers) ?? '');
  const effect = (range: Cidr) => `kernel: ${kernel.effectOn(range)} peers: ${peers.effectOn(range)}`;
  return {
    get sessions() {
      return new Set(ofType('bgp').map(({ name }) => name));
    },
    get blocks() {
      const routes = ofType('static').flatMap(({ options }) => options);
      return new Set(routes.flatMap((option) => /^route (\S+)/.exec(option)?.[1] ?? []));
    },
    pools: new Map([...ranges.values()].map((range) => [range.text, effect(range)])),
  };
}

/**
 * The pools of both configurations whose routes would be treated in another way, by the kernel or towards the neighbors, sorted.
 * A pool that is gone altogether is not among them: the two `pools` tell that.
 */
export const poolActionChanges = (before: Inventory, after: Inventory): readonly string[] =>
  [...before.pools]
    .filter(([cidr, effect]) => after.pools.has(cidr) && after.pools.get(cidr) !== effect)
    .map(([cidr]) => cidr)
    .sort(byBytes);
