import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { asStageError } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import { BundleStore } from '../host/bundle-store.ts';
import { type CommitOptions, type StagedFiles, stageFiles } from '../host/commit.ts';
import { type LedgerRecord, ledgerPath, writeLedger } from '../host/ledger.ts';
import { LiveFolder } from '../host/observe.ts';
import type { Limits } from '../transaction/guards.ts';
import { durable, type Transaction } from '../transaction/machine.ts';
import type { Blame } from './isolate.ts';

/** What the settings say about where and how one target's files go live. */
export interface PlaceOptions {
  readonly name: string;
  /** The node that the files are for. */
  readonly node: string;
  readonly stateDir: string;
  readonly output: string;
  /** The daemon's control socket. */
  readonly socket: string;
  /** Asked at each commit: the group is the control socket's, and BIRD may not have made it yet. */
  readonly destination: () => Promise<CommitOptions>;
  readonly check: boolean;
  readonly clock: Clock;
  readonly undoSeconds: number;
  /** The prefixes of the data, of which every key has one. */
  readonly prefixes: readonly string[];
  readonly limits: Limits;
  readonly acceptTakeover: boolean;
  /** How many confirmed bundles are kept. */
  readonly history: number;
  /** How long BIRD may take for each answer, under load half a minute, which is the default. */
  readonly replyMs?: number;
}

const REPLY_MS = 30_000;

const toOf = (txn: Transaction): Digest | null => ('to' in txn ? txn.to : null);
const isSameState = (a: Transaction, b: Transaction): boolean => a.at === b.at && toOf(a) === toOf(b);

/** A target's files and its memory, on disk and in this process. Only its own loop changes it. */
export class Place {
  readonly options: PlaceOptions;
  readonly store: BundleStore;
  #ledger: LedgerRecord;
  /** What the check refused last: not asked again while the input is the same, but told again. `isTraced`: the guilty were looked for. */
  refused: { readonly bytes: Digest; readonly blame: Blame; isTraced: boolean } | null = null;
  /** The data of the last bundle that BIRD took, as they were in effect: without what was withheld; null = none in this process. */
  accepted: Snapshot | null = null;
  /** The full reading of the data that the last plan to go through was made from; null = none in this process. */
  listing: number | null = null;
  /** BIRD is not the process that was confirmed, or has read something else since: the next pass asks it again. */
  isOtherDaemon = false;
  /** Since when BIRD has not answered, in ms since 1970; null = it did when it was asked last. */
  silentSince: number | null = null;
  /** Is told of every move of the transaction, once, in their order. */
  onMove: ((from: Transaction, to: Transaction) => void) | null = null;
  #told: Transaction;
  /** The files of the last two bundles that were put or read, by their id: most passes need what runs and what is wanted, and no others. */
  readonly #known = new Map<Digest, readonly NamedText[]>();
  readonly #folder: LiveFolder;
  #live: readonly NamedText[] | null = null;
  /** The bundle that lies beside the live files, or is being put there. */
  #staged: { readonly id: Digest; readonly files: Promise<StagedFiles> } | null = null;

  constructor(options: PlaceOptions, ledger: LedgerRecord) {
    this.options = options;
    this.#ledger = ledger;
    this.#told = ledger.txn;
    this.#folder = new LiveFolder(options.output);
    this.store = new BundleStore(join(options.stateDir, 'bundles', options.name));
  }

  get replyMs(): number {
    return this.options.replyMs ?? REPLY_MS;
  }

  get ledger(): LedgerRecord {
    return this.#ledger;
  }

  /** Keeps a change of the ledger; it is on the disk when this resolves. Rejects with a StageError `commit`. */
  async save(change: Partial<LedgerRecord>): Promise<void> {
    const next = { ...this.#ledger, ...change };
    try {
      await writeLedger(ledgerPath(this.options.stateDir, this.options.name), next);
    } catch (thrown) {
      throw asStageError('commit', thrown);
    }
    this.#ledger = next;
    // What is kept of a state within a conversation is no move out of it.
    if (!isSameState(durable(this.#told), next.txn)) this.moved(next.txn);
  }

  /** Passes it on when it is another state, or another change, than was told last. */
  moved(txn: Transaction): void {
    const before = this.#told;
    this.#told = txn;
    if (!isSameState(before, txn)) this.onMove?.(before, txn);
  }

  /** Keeps the files of a bundle, and resolves with the folder in which they lie complete. Rejects with a StageError `commit`. */
  async put(id: Digest, files: readonly NamedText[]): Promise<string> {
    const folder = await this.store.put({ id, files });
    this.#remember(id, files);
    return folder;
  }

  /** The files of a bundle that was put, by any process before; null when they are not there any more. */
  async filesOf(id: Digest | null, names: readonly string[]): Promise<readonly NamedText[] | null> {
    if (id === null) return null;
    const files = this.#known.get(id) ?? (await this.store.get(id, names));
    if (files) this.#remember(id, files);
    return files;
  }

  /** Notes the files of a bundle that lies in the store already: in the blocks that they were made of they need not be read to be compared. */
  know(id: Digest, files: readonly NamedText[]): void {
    this.#remember(id, files);
  }

  /**
   * The files as they lie on the disk. The same array while they do not change, and a known bundle's own where they are that one's: so what is
   * known of it need not be found out again. Rejects with a StageError `commit`.
   */
  async live(names: readonly string[]): Promise<readonly NamedText[] | null> {
    const found = await this.#folder.read(names, this.options.clock.now());
    const isFound = (files: readonly NamedText[]) =>
      files.length === found?.length && files.every(({ text }, i) => text === found[i]?.text);
    this.#live = [...this.#known.values(), ...(this.#live ? [this.#live] : [])].find(isFound) ?? found;
    return this.#live;
  }

  /** Begins to put the files beside the live ones, while other things are done; what comes of it shows in `write`. */
  async stage(id: Digest, files: readonly NamedText[]): Promise<void> {
    await this.unstage();
    const staging = this.options.destination().then((destination) => stageFiles(files, destination));
    staging.catch(() => undefined);
    this.#staged = { id, files: staging };
  }

  /** Removes what was staged and is not to go live. */
  async unstage(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    await staged?.files.then((files) => files.discard()).catch(() => undefined);
  }

  /** Puts a bundle's files into place, staged or not. Rejects as `commitFiles` does. */
  async write(id: Digest, files: readonly NamedText[]): Promise<void> {
    if (this.#staged?.id !== id) await this.stage(id, files);
    const staged = this.#staged;
    this.#staged = null;
    const { made, commit } = await staged!.files;
    await commit();
    this.#folder.wrote(made, this.options.clock.now());
  }

  /** Removes the bundles that nothing refers to any more. */
  async sweep(): Promise<void> {
    const { txn, history } = this.#ledger;
    const open = 'to' in txn ? [txn.to, ...(txn.from ? [txn.from] : [])] : [];
    await this.store.keepOnly([...open, ...history.map(({ bytes }) => bytes)]);
  }

  #remember(id: Digest, files: readonly NamedText[]): void {
    this.#known.delete(id);
    this.#known.set(id, files);
    for (const old of this.#known.keys()) if (this.#known.size > 2) this.#known.delete(old);
  }
}
