/** A machine of the lab: a network namespace with one interface, eth0, on the lab's bridge. */
export interface NodeSpec {
  readonly name: string;
  /** Of eth0, with its length: `10.0.0.1/24`. */
  readonly address: string;
}

export interface BirdOptions {
  /** `bird` or `bird6`, or a path. */
  readonly binary: string;
  readonly configFile: string;
  readonly socket: string;
  /** Receives what it logs to standard error. */
  readonly log: string;
}

/** A row of `show protocols`. */
export interface Protocol {
  readonly name: string;
  readonly proto: string;
  readonly state: string;
  /** When `state` was entered, as BIRD prints it. BIRD 1.6 is a second off now and then (see `isSameTime`). */
  readonly since: string;
  /** For BGP its own state: `Established`. */
  readonly info: string;
}

/** A route of `show route`. */
export interface Route {
  readonly prefix: string;
  /** `blackhole`, `dev eth0`, `via 10.0.0.1 on eth0`. */
  readonly via: string;
  /** The protocol that it came from. */
  readonly protocol: string;
}

export interface LabBird {
  readonly pid: number;
  readonly socket: string;
  readonly log: string;
  /** The texts of a reply's lines. Rejects on a failure reply (8xxx, 9xxx), a lost connection, and after five seconds. */
  ask(command: string): Promise<readonly string[]>;
  protocols(): Promise<readonly Protocol[]>;
  routes(): Promise<readonly Route[]>;
  /** How often a protocol has gone down so far, by the log: what has `debug { states }` tells it there. */
  timesDown(protocol: string): number;
  /** Lets it take leave of its neighbors; kills it when that takes long. Safe to call twice. */
  stop(): Promise<void>;
}

export interface LabNode extends NodeSpec {
  /** The process that holds the namespace: `nsenter -t PID -n ip route` looks into it. */
  readonly pid: number;
  /** Runs `ip` in the namespace, one command a line; resolves with what it prints. */
  ip(...commands: readonly string[]): Promise<string>;
  /** Resolves once BIRD answers on its socket. Never starts it in the network namespace of this process or of pid 1. */
  startBird(options: BirdOptions): Promise<LabBird>;
}

export interface Lab {
  readonly nodes: ReadonlyMap<string, LabNode>;
  node(name: string): LabNode;
  addNode(spec: NodeSpec): Promise<LabNode>;
  /** Stops every BIRD, then lets the namespaces go. Safe to call twice. */
  down(): Promise<void>;
}

/**
 * Machines on one network, none of which can reach another. All of it ends with the process that made it, however that ends:
 * namespaces have no names, so nothing is left to be found. Rejects without root (see `becomeRoot`).
 */
export function labUp(options: { readonly nodes: readonly NodeSpec[] }): Promise<Lab>;
