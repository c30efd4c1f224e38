/** One BGP session of a node, as its neighbor sees it and as its operator reads it. */
export interface Session {
  readonly name: string;
  /** `192.0.2.2`, or `192.0.2.2 port 1179`. */
  readonly neighbor: string;
  readonly as: number;
  readonly localAs: number | null;
  readonly hasPassword: boolean;
  readonly isClient: boolean;
  readonly isPassive: boolean;
}

type SecretRef = { readonly secretKeyRef?: { readonly name: string; readonly key: string } };

interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: Readonly<Record<4 | 6, string>>;
  readonly as: number | undefined;
  readonly cluster: string;
  readonly port: number;
}

interface BgpPeer {
  readonly node?: string;
  readonly nodeSelector?: string;
  readonly peerIP?: string;
  readonly asNumber?: number;
  readonly localASNumber?: number;
  readonly peerSelector?: string;
  readonly localWorkloadSelector?: string;
  readonly password?: SecretRef;
  readonly reversePeering?: string;
}

interface Peering {
  readonly ip: string;
  readonly port: number;
  readonly as: number;
  readonly localAs: number;
  readonly cluster: string;
  readonly isCalicoNode: boolean;
  readonly hasPassword: boolean;
}

type Entries = ReadonlyMap<string, string>;

const ROOT = '/calico/resources/v3/projectcalico.org/';
const familyOf = (ip: string): 4 | 6 => (ip.includes(':') ? 6 : 4);
const bare = (address: string | undefined): string => address?.split('/')[0] ?? '';

function* resources(entries: Entries, plural: string) {
  for (const key of [...entries.keys()].sort()) {
    const prefix = `${ROOT}${plural}/`;
    if (key.startsWith(prefix)) yield { name: key.slice(prefix.length), ...JSON.parse(entries.get(key)!) };
  }
}

function selects(selector: string, { labels }: Node): boolean {
  if (selector === 'all()') return true;
  const has = /^has\((\w+)\)$/.exec(selector);
  if (has) return has[1]! in labels;
  const equal = /^(\w+) == "(\w+)"$/.exec(selector);
  if (!equal) throw new Error(`not a selector of this small language: ${selector}`);
  return labels[equal[1]!] === equal[2];
}

function splitPort(peerIP: string): { ip: string; port: number } {
  const match = /^\[(.+)\]:(\d+)$/.exec(peerIP) ?? /^([^:]+):(\d+)$/.exec(peerIP);
  return match ? { ip: match[1]!, port: Number(match[2]) } : { ip: peerIP, port: 0 };
}

/** What the data say about a cluster, before anybody's peerings are looked at. */
class Cluster {
  readonly nodes: readonly Node[];
  readonly peers: readonly BgpPeer[];
  readonly hasMesh: boolean;
  readonly as: number;
  readonly port: number;
  readonly meshPassword: SecretRef | undefined;
  readonly #entries: Entries;

  constructor(entries: Entries) {
    this.#entries = entries;
    const configurations = new Map([...resources(entries, 'bgpconfigurations')].map(({ name, spec }) => [name, spec]));
    const common = configurations.get('default') ?? {};
    this.hasMesh = common.nodeToNodeMeshEnabled ?? true;
    this.as = common.asNumber ?? 64512;
    this.port = common.listenPort ?? 0;
    this.meshPassword = common.nodeMeshPassword;
    this.peers = [...resources(entries, 'bgppeers')].map(({ spec }) => spec);
    this.nodes = [...resources(entries, 'nodes')].map(({ name, metadata, spec }) => ({
      name,
      labels: metadata.labels ?? {},
      ip: { 4: bare(spec.bgp?.ipv4Address), 6: bare(spec.bgp?.ipv6Address) },
      as: spec.bgp?.asNumber,
      cluster: spec.bgp?.routeReflectorClusterID ?? '',
      port: configurations.get(`node.${name}`)?.listenPort ?? 0,
    }));
  }

  readonly matching = (selector: string) => this.nodes.filter((node) => selects(selector, node));
  readonly hasPassword = ({ secretKeyRef: ref }: SecretRef = {}) =>
    this.#entries.has(`secret:/${ref?.name}/${ref?.key}`);

  at(ip: string, as: number, port: number): readonly Node[] {
    return this.nodes.filter((node) => {
      if (node.ip[familyOf(ip)] !== ip || (node.as ?? this.as) !== (as || this.as)) return false;
      return port === 0 || ((node.port === 0 || node.port === port) && (this.port === 0 || this.port === port));
    });
  }

  derived(node: Node, peer: BgpPeer, families: readonly (4 | 6)[]): readonly Peering[] {
    const common = { localAs: 0, isCalicoNode: false, hasPassword: this.hasPassword(peer.password) };
    return families
      .filter((family) => node.ip[family] !== '')
      .map((family) => ({
        ...common,
        ip: node.ip[family],
        port: node.port || this.port,
        as: node.as ?? this.as,
        cluster: node.cluster,
      }));
  }

  forward(peer: BgpPeer): readonly Peering[] {
    if (peer.localWorkloadSelector) return []; // no workload has reported anything
    if (peer.peerSelector) return this.matching(peer.peerSelector).flatMap((node) => this.derived(node, peer, [4, 6]));
    if (!peer.peerIP) return [];
    const { ip, port } = splitPort(peer.peerIP);
    const there = port === 0 ? this.at(ip, peer.asNumber ?? 0, 0)[0] : undefined;
    return [
      {
        ip,
        port: port || (there ? there.port || this.port : 0),
        as: peer.asNumber ?? 0,
        localAs: peer.localASNumber ?? 0,
        cluster: '',
        isCalicoNode: this.nodes.some((node) => node.ip[familyOf(ip)] === ip),
        hasPassword: this.hasPassword(peer.password),
      },
    ];
  }

  reverse(peer: BgpPeer, self: Node): readonly Peering[] {
    if (peer.reversePeering === 'Manual' || peer.localWorkloadSelector) return [];
    const { ip, port } = splitPort(peer.peerIP ?? '');
    if (!peer.peerSelector && !ip) return [];
    const receiving = peer.peerSelector ? this.matching(peer.peerSelector) : this.at(ip, peer.asNumber ?? 0, port);
    if (!receiving.includes(self)) return [];
    const families = peer.peerSelector ? ([4, 6] as const) : [familyOf(ip)];
    return this.localNodes(peer).flatMap((node) => this.derived(node, peer, families));
  }

  localNodes({ node: named, nodeSelector }: BgpPeer): readonly Node[] {
    if (nodeSelector) return this.matching(nodeSelector);
    return named ? this.nodes.filter(({ name }) => name === named) : this.nodes;
  }
}

const isGlobal = (peer: BgpPeer): boolean => !peer.node && !peer.nodeSelector;

/** The sessions of the node `nodeName`, one that exists, in one family, sorted by name: from nothing but keys and JSON values (spec calico-v3, 2.4, 3.3, 3.4). */
export function expectedSessions(entries: Entries, nodeName: string, family: 4 | 6): readonly Session[] {
  const cluster = new Cluster(entries);
  const self = cluster.nodes.find(({ name }) => name === nodeName)!;
  const own = { ip: self.ip[family], as: self.as ?? cluster.as };
  if (own.ip === '') return []; // spec 4.1: the family is off on this node
  const sessions: Session[] = [];
  const add = (word: string, { ip, port, as, localAs, hasPassword }: Peering, isClient: boolean, isPassive: boolean) =>
    sessions.push({
      name: `${word}_${ip.replace(/[.:]/g, '_')}${port && word !== 'Mesh' ? `_port_${port}` : ''}`,
      neighbor: port ? `${ip} port ${port}` : ip,
      ...{ as, localAs: localAs || null, hasPassword, isClient, isPassive },
    });

  for (const node of self.cluster || !cluster.hasMesh ? [] : cluster.nodes) {
    const [peering] = cluster.derived(node, { password: cluster.meshPassword ?? {} }, [family]);
    if (!peering || peering.ip === own.ip || node.cluster) continue;
    add('Mesh', { ...peering, as: node.as ?? own.as }, false, peering.ip > own.ip);
  }

  const taken = new Map<string, 'Global' | 'Node'>();
  const emit = (word: 'Global' | 'Node', peering: Peering) => {
    const key = `${peering.ip}-${peering.port === 179 ? 0 : peering.port}`;
    if (taken.has(key)) return;
    taken.set(key, word);
    if (familyOf(peering.ip) !== family || peering.ip === own.ip) return;
    const isInternal = peering.as === (peering.localAs || own.as);
    const isClient = isInternal && self.cluster !== '' && peering.cluster !== self.cluster;
    add(word, peering, isClient, word === 'Global' && peering.isCalicoNode && peering.ip > own.ip);
  };
  const { peers } = cluster;
  for (const peer of peers.filter(isGlobal)) for (const each of cluster.forward(peer)) emit('Global', each);
  for (const peer of peers.filter((p) => !isGlobal(p) && cluster.localNodes(p).includes(self))) {
    for (const each of cluster.forward(peer)) emit('Node', each);
  }
  for (const peer of peers) for (const each of cluster.reverse(peer, self)) emit('Node', each);
  return sessions.sort((a, b) => (a.name < b.name ? -1 : 1));
}
