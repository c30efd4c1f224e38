import { StageError } from '../core/errors.ts';
import type { Entry, Snapshot } from './datastore.ts';
import { isOfEtcd } from './etcd-copy.ts';
import type { V2Answer } from './etcd-v2-client.ts';
import type { KeptCopy } from './generations.ts';
import { KeySpace } from './key-space.ts';

/** What the API tells of a key or a directory. */
interface V2Node {
  readonly key?: string;
  readonly value?: string;
  readonly nodes?: readonly V2Node[];
  readonly modifiedIndex?: number;
}

const segments = (prefix: string): readonly string[] => prefix.split('/').filter((segment) => segment !== '');

/** How many segments make a group: Calico's own parts of the tree have three, `/calico/bgp/v1`. */
const GROUP = 3;

/** The deepest directory that holds all of `prefixes`. */
function directoryOver(prefixes: readonly string[]): string {
  const [first = [], ...rest] = prefixes.map(segments);
  const differs = first.findIndex((segment, i) => rest.some((other) => other[i] !== segment));
  return `/${first.slice(0, differs < 0 ? first.length : differs).join('/')}`;
}

/**
 * The directories that are read as a whole, so that what is in one is of one moment: prefixes that begin with the same three segments
 * share theirs, others would share directories full of what nobody asked for.
 */
export function directoriesFor(prefixes: readonly string[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const prefix of prefixes.filter(isOfEtcd)) {
    const group = segments(prefix).slice(0, GROUP).join('/');
    groups.set(group, [...(groups.get(group) ?? []), prefix]);
  }
  return [...groups.values()].map(directoryOver);
}

/** Every key with a value at or below `node`; directories themselves are no keys here, as in v3 and in files. */
function collect(node: V2Node, into: Map<string, Entry>): Map<string, Entry> {
  const { key = '', value, modifiedIndex = 0, nodes } = node;
  if (typeof value === 'string') into.set(key, { value, version: String(modifiedIndex), origin: 'etcd' });
  for (const below of nodes ?? []) collect(below, into);
  return into;
}

function contentOf({ status, body }: V2Answer): ReadonlyMap<string, Entry> {
  if (status !== 200) return new Map();
  try {
    return collect((JSON.parse(body) as { readonly node?: V2Node }).node ?? {}, new Map());
  } catch (cause) {
    throw new StageError('datastore', 'etcd-error', 'etcd answered what is no JSON', { retryable: true, cause });
  }
}

/** The keys under the prefixes, read directory by directory. */
export class EtcdV2Copy implements KeptCopy {
  readonly directories: readonly string[];
  readonly #space: KeySpace;
  readonly #entries = new Map<string, ReadonlyMap<string, Entry>>();
  readonly #indexes = new Map<string, bigint>();
  readonly #listed = new Set<string>();
  #clusterId: string | null = null;
  #listings = 0;

  constructor(prefixes: readonly string[]) {
    this.directories = directoriesFor(prefixes);
    this.#space = new KeySpace(prefixes);
  }

  get listings(): number {
    return this.#listings;
  }

  /** Each generation reads anew: what happened while nobody waited cannot be had otherwise for sure. */
  get isComplete(): boolean {
    return false;
  }

  snapshot(): Snapshot {
    return this.#space.snapshot();
  }

  /** The content stays; another cluster or an earlier state is taken as it is. */
  forgetPosition(): void {
    this.#indexes.clear();
    this.#clusterId = null;
  }

  /** A new generation begins to read all directories. */
  beginListing(): void {
    this.#listings++;
    this.#listed.clear();
  }

  /** The first reading of a generation is a listing of its own; later ones only add what happened since. */
  #takeOver(directory: string, now: ReadonlyMap<string, Entry>): boolean {
    const before = this.#entries.get(directory) ?? new Map<string, Entry>();
    this.#entries.set(directory, now);
    if (!this.#listed.has(directory)) {
      this.#listed.add(directory);
      return this.#space.replace(new Map([...this.#entries.values()].flatMap((entries) => [...entries])));
    }
    let changed = false;
    for (const key of before.keys()) if (!now.has(key)) changed = this.#space.set(key, null) || changed;
    for (const [key, entry] of now) changed = this.#space.set(key, entry) || changed;
    return changed;
  }

  /**
   * Takes over what is in `directory` now, so that deletions of keys and of directories show alike. True if anything differs from
   * before. Throws StageError `cluster-changed` or `revision-went-back` when the store was replaced or restored: the other directories
   * are then to be read anew as well.
   */
  take(directory: string, answer: V2Answer): boolean {
    const { index, clusterId } = answer;
    this.#clusterId ??= clusterId;
    const before = this.#indexes.get(directory) ?? 0n;
    const restored = (code: string, message: string) => new StageError('datastore', code, message, { retryable: true });
    if (clusterId !== this.#clusterId)
      throw restored('cluster-changed', `etcd is another cluster: ${clusterId}, was ${this.#clusterId}`);
    if (index < before) throw restored('revision-went-back', `etcd went back to index ${index} from ${before}`);
    this.#indexes.set(directory, index);
    const changed = this.#takeOver(directory, contentOf(answer));
    this.#space.at(String([...this.#indexes.values()].reduce((a, b) => (a > b ? a : b), 0n)));
    return changed;
  }
}
