import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { messageOf } from '../core/errors.ts';
import type { Approval } from '../core/hold-kinds.ts';
import type { DataLayout } from '../core/keys.ts';
import type { Digests } from '../render/bundle.ts';
import type { Hold } from '../transaction/holds.ts';
import { IDLE, type Transaction } from '../transaction/machine.ts';
import { diskError } from './disk-error.ts';
import { ifThere } from './system-error.ts';
import { PRIVATE, writeFile } from './write-file.ts';

/** A bundle that the daemon confirmed, and whose files are kept. */
export interface ConfirmedBundle extends Digests {
  readonly revision: string;
  /** The Calico release of its rules; null = the data named none. */
  readonly release: string | null;
  /** The node that it was rendered for; absent in ledgers that are older than this. */
  readonly node?: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A value that decodes well, and of which BIRD refuses what follows from it. */
export interface WithheldValue {
  /** Of the value: another one is tried again. */
  readonly value: Digest;
  /** The value that stays in effect; null = none is known, and the key counts as absent. */
  readonly before: string | null;
  /** What BIRD said. */
  readonly why: string;
}

/** What one target has to remember across a restart (architecture, 6). */
export interface LedgerRecord {
  readonly version: 1;
  /** Of the files as they were last written, or found changed by another; null = none, or only comments are just being written. */
  readonly live: Digests | null;
  /** The statements that the daemon last said it runs. */
  readonly confirmed: Digest | null;
  /** The daemon's texts for the times it started and last read its file, when it said so. */
  readonly boot: string | null;
  readonly reconfigured: string | null;
  /** The listening socket of that start: BIRD 1.6 takes another one only when it starts again. */
  readonly listen: string | null;
  /** Where the change stands that is under way. */
  readonly txn: Transaction;
  /** The confirmed bundles, newest first: the first is what the daemon runs when `txn` is idle. */
  readonly history: readonly ConfirmedBundle[];
  /** The layout of the data, once it was seen; null = not yet. */
  readonly data: DataLayout | null;
  readonly hold: Hold | null;
  /** By `birdconfd approve`: until then, or until a plan has gone through. */
  readonly approval: Approval | null;
  /** Key → a value that BIRD refuses, and the one that stays in effect. */
  readonly withheld: Readonly<Record<string, WithheldValue>>;
  /** When the files changed under us, in ms since 1970. */
  readonly foreignWrites: readonly number[];
  /** Session → since when its password is only known from the file itself. */
  readonly keptPasswords: Readonly<Record<string, number>>;
  /** Datastore key → the last valid value of keys whose current value is not. */
  readonly lastGood: Readonly<Record<string, string>>;
}

export const EMPTY_RECORD: LedgerRecord = {
  version: 1,
  live: null,
  confirmed: null,
  boot: null,
  reconfigured: null,
  listen: null,
  txn: IDLE,
  history: [],
  data: null,
  hold: null,
  approval: null,
  withheld: {},
  foreignWrites: [],
  keptPasswords: {},
  lastGood: {},
};

export interface LedgerReading {
  readonly record: LedgerRecord;
  /** For the operator, when what lay there could not be used; null when all is well. */
  readonly warning: string | null;
}

/**
 * Reads a target's ledger; none yet is an empty record. What is no ledger is kept aside as `PATH.corrupt` (in place of an earlier
 * one), and the record is empty: nothing counts as confirmed, so the worst is a reload too many. Rejects with a StageError `commit`
 * when the file cannot be read or kept aside.
 */
export async function readLedger(path: string): Promise<LedgerReading> {
  try {
    const text = await ifThere(readFile(path, 'utf8'));
    if (text === null) return { record: EMPTY_RECORD, warning: null };
    const fault = await faultOf(text);
    if (fault === null) return { record: { ...EMPTY_RECORD, ...JSON.parse(text) }, warning: null };
    await rename(path, `${path}.corrupt`);
    const warning = `the ledger ${path} was no ledger (${fault}); it is kept as ${path}.corrupt and begun anew`;
    return { record: EMPTY_RECORD, warning };
  } catch (cause) {
    throw diskError(`cannot read the ledger ${path}`, cause);
  }
}

export const ledgerPath = (stateDir: string, target: string): string => join(stateDir, `${target}.json`);

/** The ledgers of all targets, and what all of them together remember of the data: one decoder serves every target. */
export async function readLedgers(stateDir: string, targets: readonly string[]) {
  const readings = new Map<string, LedgerReading>();
  for (const target of targets) readings.set(target, await readLedger(ledgerPath(stateDir, target)));
  const lastGood = new Map([...readings.values()].flatMap(({ record }) => Object.entries(record.lastGood)));
  const data = [...readings.values()].map(({ record }) => record.data).find((layout) => layout !== null) ?? null;
  return { readings, lastGood, data };
}

/** Puts `record` on the disk (0600), whole or not at all; nothing is written when the file says the same already. Rejects with a StageError `commit`. */
export async function writeLedger(path: string, record: LedgerRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  try {
    // What has another size need not be read.
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === Buffer.byteLength(text) && readFileSync(path, 'utf8') === text) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, PRIVATE);
  } catch (cause) {
    throw diskError(`cannot write the ledger ${path}`, cause);
  }
}

const DIGEST = { type: 'string', pattern: '^[0-9a-f]{64}$' };

const DURABLE = ['idle', 'committing', 'owed', 'armed', 'restoring', 'returning', 'held'];

/** Other properties are let pass: a later version may have added them. */
const SCHEMA = {
  type: 'object',
  required: ['version', 'live', 'confirmed', 'boot', 'lastGood'],
  properties: {
    version: { const: 1 },
    live: {
      anyOf: [
        { type: 'null' },
        { type: 'object', required: ['bytes', 'statements'], properties: { bytes: DIGEST, statements: DIGEST } },
      ],
    },
    confirmed: { anyOf: [{ type: 'null' }, DIGEST] },
    boot: { anyOf: [{ type: 'null' }, { type: 'string' }] },
    txn: { type: 'object', required: ['at'], properties: { at: { enum: DURABLE } } },
    history: {
      type: 'array',
      items: { type: 'object', required: ['bytes', 'statements'], properties: { bytes: DIGEST, statements: DIGEST } },
    },
    data: { enum: ['v1', 'v3', null] },
    lastGood: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

/** Why `text` is no ledger; null when it is one. */
async function faultOf(text: string): Promise<string | null> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
  // Loaded only where there is a ledger to read: import and compilation cost tens of milliseconds.
  const { Ajv } = await import('ajv');
  const ajv = new Ajv();
  return ajv.validate(SCHEMA, value) ? null : ajv.errorsText(ajv.errors, { dataVar: 'ledger' });
}
