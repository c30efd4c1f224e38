import type { Family } from '../core/ip-address.ts';
import { byBytes } from '../core/order.ts';
import type { Secret } from '../core/secret.ts';
import type { Node } from '../datamodel/node.ts';
import type { AsNumber } from '../datamodel/values.ts';
import type { FilterCall } from './filters.ts';

/** The first word of a session's name; probes rely on these words (spec calico-v3, 3.3 and 3.4). */
export type PeerKind = 'Mesh' | 'Global' | 'Node' | 'Local_Workload';

/** One BGP session of this node. Plain data, every field stated, null for absent: it is what the peer template sees. */
export interface Peer {
  /** `Mesh_10_0_0_1`, `Global_10_0_0_1_port_1179`: a BIRD symbol, made of the address and so stable. */
  readonly name: string;
  readonly address: string;
  /** The neighbor's TCP port; null = BIRD's default, 179. */
  readonly port: number | null;
  readonly asNumber: AsNumber;
  /** Set where this session is opened under another AS than the node's own. */
  readonly localAsNumber: AsNumber | null;
  /** The address that the session is opened from; null = left to the kernel. */
  readonly sourceAddress: string | null;
  /** Hops within which the neighbor must be; null = TTL security off. */
  readonly ttlSecurityHops: number | null;
  /** What the export function is told: the neighbor's AS is this node's own. */
  readonly internal: boolean;
  /** Wait for the neighbor to connect: of two Calico nodes, only one opens the session. */
  readonly passive: boolean;
  readonly gracefulRestartSeconds: number | null;
  readonly keepaliveSeconds: number | null;
  /** Set where this node reflects routes to the neighbor: this node's cluster id. */
  readonly rrClusterId: string | null;
  readonly password: Secret | null;
  readonly nextHop: 'keep' | 'self' | null;
  /** How often the own AS may stand in a path that is learned; null = not at all. */
  readonly allowedLocalAsNumbers: number | null;
  readonly importFilters: readonly FilterCall[];
  readonly exportFilters: readonly FilterCall[];
  /** The metric of an ordinary route, 1..2147483646; null = this release knows no priorities. */
  readonly normalRoutePriority: number | null;
  /** Datastore keys that made this session. */
  readonly origins: readonly string[];
}

/** What every peer of this node and family is built from. */
export interface PeerContext {
  readonly family: Family;
  /** The node's own address of the family. */
  readonly address: string;
  readonly asNumber: AsNumber;
  /** Set where this node is a route reflector. */
  readonly rrClusterId: string | null;
  readonly normalRoutePriority: number | null;
}

/** A BIRD symbol for a session: every "." and ":" of the address becomes "_"; the port, if it is given, is part of it. */
export function peerName(kind: PeerKind, address: string, port: number): string {
  return `${kind}_${address.replaceAll('.', '_').replaceAll(':', '_')}${port > 0 ? `_port_${port}` : ''}`;
}

/** Which of two Calico nodes waits: the one with the lower address, compared as text (quirk of spec 3.3, kept). */
export const waitsFor = (own: string, neighbor: string): boolean => byBytes(neighbor, own) > 0;

/** The address of this family, or null. */
export const ofFamily = (family: Family, node: Pick<Node, 'ipv4Address' | 'ipv6Address'>): string | null =>
  (family === 4 ? node.ipv4Address : node.ipv6Address)?.text ?? null;
