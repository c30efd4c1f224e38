import type { Diagnostic } from '../core/diagnostic.ts';

/**
 * What a comparison found, for every kind of report: plain data that survives JSON. "Before" is the golden, or the first of two trees of
 * templates or sets of data; "after" is what is rendered now. Nothing in it is secret: passwords are numbered, not shown.
 */
export interface HarnessReport {
  /** What was compared: `birdconfd test fixtures`. */
  readonly title: string;
  /** What people call the two sides: `golden` and `rendered`, `main` and `templates`. */
  readonly sides: { readonly before: string; readonly after: string };
  /** In the order of their folders. */
  readonly cases: readonly CaseReport[];
  readonly durationMs: number;
}

/** `new`: there is no before; `obsolete`: there is no after. */
export type Status = 'passed' | 'failed' | 'new' | 'obsolete';

/** One case. Failed where anything in it is not passed. */
export interface CaseReport {
  /** Its folder as a person would name it: `fixtures/mesh/alone`. */
  readonly name: string;
  /** The comment on top of its in.yaml, one line. */
  readonly about: string;
  readonly status: 'passed' | 'failed' | 'updated';
  /** What is wrong beside differences. */
  readonly faults: readonly Fault[];
  /** By step, node, dialect, layout; the goldens that nothing renders any more at the end. */
  readonly outputs: readonly OutputReport[];
  /** A row for each step and node with diagnostics on either side. */
  readonly diagnostics: readonly DiagnosticsReport[];
  readonly durationMs: number;
}

/**
 * `broken`: the case cannot be read or a template not be rendered; `refused`: by BIRD's parser; `unstable`: depends on the order of
 * arrival; `exit`: another than the case expects; `converge`: the real BIRDs did not do what the golden says.
 */
export interface Fault {
  readonly kind: 'broken' | 'refused' | 'unstable' | 'exit' | 'converge';
  /** The file it is about, below the case's folder. */
  readonly path: string;
  readonly message: string;
}

/** Which of a case's outputs something is about. */
export interface Place {
  /** `in.yaml`, `in.02-peer-added.yaml`; empty where a golden is of no step. */
  readonly step: string;
  /** `out`, `out.02`: the folder of the step's goldens. */
  readonly out: string;
  readonly node: string;
}

/** All files of one node in one dialect and layout after one step. */
export interface OutputReport extends Place {
  /** The dialect: `calico`, `1.6`. */
  readonly bird: string;
  /** `single`, `calico` */
  readonly layout: string;
  readonly status: Status;
  readonly files: readonly FileReport[];
  /** What it means to the daemons that have any of the files: `bird`, then `bird6`. Of a passed output only with `details: 'all'`. */
  readonly daemons: readonly DaemonReport[];
}

export interface FileReport {
  /** `bird.conf` */
  readonly name: string;
  /** Below the case's folder: `out/worker-1/1.6-single/bird.conf`. */
  readonly path: string;
  readonly status: Status;
  /** The texts; both null where the file passed or details are left out, one of them where it is new or obsolete. */
  readonly before: string | null;
  readonly after: string | null;
  /** Of a file that both sides have; empty where only comments or layout differ. */
  readonly statements: readonly StatementChange[];
}

/** One statement that is on one side only, or says something else. */
export interface StatementChange {
  /** The statements around it, from outside: `protocol bgp Mesh_192_0_2_2 from bgp_template`. */
  readonly within: readonly string[];
  /** Canonical, on one line; null where that side lacks it. */
  readonly before: string | null;
  readonly after: string | null;
  /** 1-based, of the statement on its side, or of where it is missing. */
  readonly beforeLine: number;
  readonly afterLine: number;
}

export type SessionFate = 'added' | 'removed' | 'restarted' | 'refiltered' | 'unchanged';

/** What going from before to after does to one BIRD. */
export interface DaemonReport {
  readonly daemon: 'bird' | 'bird6';
  readonly routerId: { readonly before: string | null; readonly after: string | null };
  /** Every BGP session of either side, by name. */
  readonly sessions: readonly SessionReport[];
  /** The other protocols (kernel1, static1 …) that do not stay as they are, by name. */
  readonly others: readonly ProtocolReport[];
  /** Static routes that come and go: the node's blocks, service ranges. */
  readonly routes: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Pools and ranges whose routes are treated in another way towards the kernel or the neighbors. */
  readonly pools: readonly string[];
  /** The listening socket changes, which BIRD takes only when it starts. */
  readonly needsRestart: boolean;
}

export interface ProtocolReport {
  readonly name: string;
  readonly type: string;
  readonly fate: Exclude<SessionFate, 'unchanged'>;
}

export interface SessionReport {
  readonly name: string;
  readonly fate: SessionFate;
  /** What brings it about, for people: `AS 64555 → 64556`, `password`, `import filter`. Empty for added, removed and unchanged. */
  readonly because: readonly string[];
  readonly before: SessionEnds | null;
  readonly after: SessionEnds | null;
}

/** Between whom a session is. Null where the configuration does not say. */
export interface SessionEnds {
  readonly neighbor: string | null;
  readonly port: number;
  readonly as: number | null;
  /** The own address (`source address`) and AS number. */
  readonly source: string | null;
  readonly localAs: number | null;
  /** The neighbor is a client of this node, a route reflector of this cluster id. */
  readonly clusterId: string | null;
  /** Waits for the neighbor to connect. */
  readonly passive: boolean;
}

/** The diagnostics of one node after one step; they are the same for all its dialects and layouts or are told together. */
export interface DiagnosticsReport extends Place {
  readonly status: Status;
  readonly path: string;
  readonly added: readonly DiagnosticLine[];
  readonly removed: readonly DiagnosticLine[];
  readonly unchanged: readonly DiagnosticLine[];
}

/** As it stands in a golden: without its message, which may be worded better some day. */
export type DiagnosticLine = Pick<Diagnostic, 'severity' | 'code' | 'key' | 'path'>;
