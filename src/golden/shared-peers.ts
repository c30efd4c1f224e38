import type { FamilyBgp } from '../bgp/node-bgp.ts';
import type { Peer } from '../bgp/peer.ts';
import { sameFields } from '../core/same-model.ts';
import { Block, makeBundle, makeFile } from '../render/bundle.ts';
import type { TemplateTexts } from '../render/environment.ts';
import { renderFamily } from '../render/render-family.ts';

/** Stands for the node's own address until the text is done. A word, as an address is, that no address, name or key looks like. */
const STAND_IN = 'own:/:address';

const PLAIN_USE = /\{\{(?:#if )?sourceAddress\}\}/g;
/** What reads fields without naming them. */
const UNNAMED = /\blookup\b|#(?:each|with) (?:this|\.)[ }]/;

/**
 * Renders nodes that have neighbors in common. The sessions with one neighbor differ from node to node by the address that they are opened
 * from, so in a mesh of N nodes N texts are made, with a stand-in for that address, in place of N².
 */
export class SharedPeers {
  /** By name; those of one name differ in something else than the address. */
  readonly #shared = new Map<string, Peer[]>();
  /** Those in which sessions may differ. */
  #fields: readonly (keyof Peer)[] = [];

  /** Whether these templates do nothing with a session's own address but print it, or ask whether there is one. */
  static suits(templates: TemplateTexts): boolean {
    return [...templates.values()].every(
      (text) => !UNNAMED.test(text) && !text.replace(PLAIN_USE, '').includes('sourceAddress'),
    );
  }

  /** The files that `renderFamily` makes, without where their text comes from. */
  readonly render: typeof renderFamily = (environment, bgp, options) => {
    const { address } = bgp;
    const isOwn = ({ sourceAddress }: Peer) => sourceAddress === null || sourceAddress === address;
    if (address === null || !bgp.peers.every(isOwn)) return renderFamily(environment, bgp, options);
    const shared: FamilyBgp = { ...bgp, peers: bgp.peers.map((peer) => this.#sharedOf(peer)) };
    const [main, ...parts] = renderFamily(environment, shared, options).files.map(({ name, text }) =>
      makeFile(name, [new Block(text.replaceAll(STAND_IN, address), [])]),
    );
    if (!main) throw new Error('bug: a bundle without a file');
    return makeBundle([main, ...parts]);
  };

  #sharedOf(peer: Peer): Peer {
    if (peer.sourceAddress === null) return peer;
    const known = this.#shared.get(peer.name) ?? [];
    const found = known.find((each) => sameFields(each, peer, this.#fields));
    if (found) return found;
    const shared = { ...peer, sourceAddress: STAND_IN };
    this.#fields = (Object.keys(peer) as (keyof Peer)[]).filter((field) => field !== 'sourceAddress');
    this.#shared.set(peer.name, [...known, shared]);
    return shared;
  }
}
