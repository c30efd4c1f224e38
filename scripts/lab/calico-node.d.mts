import type { LabBird, LabNode } from './lab.d.mts';

export interface CalicoNodeOptions {
  /** Takes the files, sockets and logs of this node; made if absent. */
  readonly dir: string;
  /** Where birdconfd finds the cluster: `['--input', DIR]`, `['--endpoints', URL]`. */
  readonly datastore: readonly string[];
  readonly signal?: AbortSignal;
}

/** A line of birdconfd's log. */
export interface LogEvent {
  readonly event: string;
  readonly level: string;
  readonly time: string;
  /** `bird` or `bird6`, where it is about one of them. */
  readonly target?: string;
  readonly outcome?: string;
  readonly steps?: string;
  readonly stage?: string;
  readonly code?: string;
  readonly message?: string;
}

/** What calico/node has inside: a birdconfd that writes, and two BIRDs that read. */
export interface CalicoNode {
  readonly node: LabNode;
  /** bird.conf, as birdconfd keeps it. */
  readonly configFile: string;
  readonly logFile: string;
  /** Everything that birdconfd has logged so far. */
  events(): readonly LogEvent[];
  /** Starts bird and bird6 with the files that birdconfd has written. */
  startBirds(): Promise<{ readonly bird: LabBird; readonly bird6: LabBird }>;
  /** Ends birdconfd; the BIRDs end with the lab. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts `birdconfd run` (dist/main.js) for a node and resolves once it has written both configurations, 20 s at most. */
export function startCalicoNode(node: LabNode, options: CalicoNodeOptions): Promise<CalicoNode>;
