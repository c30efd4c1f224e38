import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { messageOf, StageError, UsageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { byBytesOf } from '../core/order.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { askedOfEnvironment, environmentEntries } from '../datastore/environment-entries.ts';
import type { EtcdCredentials, EtcdOptions } from '../datastore/etcd-client.ts';
import { FilesDatastore } from '../datastore/files.ts';
import type { Surroundings } from '../datastore/generations.ts';
import { MemoryDatastore } from '../datastore/memory.ts';
import { treeReading } from '../datastore/tree-reading.ts';
import type { BackendName, BackendSettings } from './confd-settings.ts';
import { pathMatch } from './functions/path-match.ts';
import type { Environment } from './given-values.ts';
import type { KeyRules } from './resource-values.ts';
import type { Resolver } from './world.ts';

/** What a backend is opened with. */
export interface BackendNeeds {
  readonly log: Log;
  readonly clock: Clock;
  /** False: read once. */
  readonly watch: boolean;
  readonly resyncMs: number;
  readonly environment: Environment;
  readonly resolver?: Pick<Resolver, 'resolveSrv'>;
}

/** A backend: how its keys are named, and a datastore that is not yet started. Its client is loaded only when it is used. */
interface Backend {
  readonly rules: KeyRules;
  readonly open: (settings: BackendSettings, needs: BackendNeeds) => Promise<Datastore>;
}

const SAME: KeyRules['asked'] = (key) => key;

async function readCredential(flag: string, path: string | null): Promise<Buffer | null> {
  if (path === null) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`-${flag}: cannot read the file: ${messageOf(error)}`);
  }
}

/** The nodes that SRV records name, by priority and name; looked up once, as in confd. Rejects with a StageError `discovery-failed`. */
async function nodesOf({ nodes, srv }: BackendSettings, { resolver = dns }: BackendNeeds, otherwise: string) {
  if (srv === null) return nodes.length > 0 ? nodes : [otherwise];
  try {
    const records = [...(await resolver.resolveSrv(srv.record))];
    records.sort(byBytesOf(({ priority, name }) => `${String(priority).padStart(5, '0')} ${name}`));
    if (records.length > 0)
      return records.map(({ name, port }) => `${srv.scheme}://${name.replace(/\.$/, '')}:${port}`);
  } catch (error) {
    throw new StageError('datastore', 'discovery-failed', `${srv.record}: ${messageOf(error)}`, { retryable: true });
  }
  throw new StageError('datastore', 'discovery-failed', `${srv.record} names no node`, { retryable: true });
}

const surroundingsOf = ({ clock, resyncMs, log }: BackendNeeds): Surroundings => ({
  clock,
  resyncIntervalMs: resyncMs,
  log: (event, fields) => log(event === 'datastore-in-sync' ? 'info' : 'warn', event, fields),
});

async function readCredentials({
  caFile,
  certFile,
  key,
  username,
  password,
}: BackendSettings): Promise<EtcdCredentials> {
  const [caCert, cert, ownKey] = await Promise.all([
    readCredential('client-ca-keys', caFile),
    readCredential('client-cert', certFile),
    readCredential('client-key', key?.reveal() ?? null),
  ]);
  return { username, password, caCert, cert, key: ownKey };
}

async function etcdOptions(settings: BackendSettings, needs: BackendNeeds): Promise<EtcdOptions> {
  await readCredentials(settings); // what is wrong from the start is no fault to wait out
  const endpoints = await nodesOf(settings, needs, '127.0.0.1:2379');
  return { endpoints, credentials: () => readCredentials(settings) };
}

const etcdV3: Backend = {
  rules: { covers: 'segment', asked: SAME },
  open: async (settings, needs) => {
    const { EtcdV3Datastore } = await import('../datastore/etcd-v3.ts');
    const { watch } = needs;
    return new EtcdV3Datastore(await etcdOptions(settings, needs), { ...surroundingsOf(needs), watch });
  },
};

/** Every backend; one more is a datastore, a line here, and its name in confd-settings.ts. */
const TABLE: Readonly<Record<BackendName, Backend>> = {
  etcd: etcdV3,
  etcdv3: etcdV3,
  etcdv2: {
    rules: { covers: 'segment', asked: SAME },
    open: async (settings, needs) => {
      const { EtcdV2Datastore } = await import('../datastore/etcd-v2.ts');
      const options = await etcdOptions(settings, needs);
      const scheme = settings.caFile || settings.certFile ? 'https' : 'http';
      const endpoints = options.endpoints.map((node) => (/^https?:\/\//.test(node) ? node : `${scheme}://${node}`));
      return new EtcdV2Datastore({ ...options, endpoints }, surroundingsOf(needs));
    },
  },
  file: {
    rules: { covers: 'text', asked: SAME },
    open: async ({ files, filter }, { clock, log, watch }) => {
      const reading = treeReading((name) => pathMatch(filter, name));
      return new FilesDatastore(files, { reading, log: (event, fields) => log('warn', event, fields), watch, clock });
    },
  },
  env: {
    rules: { covers: 'text', asked: askedOfEnvironment },
    open: async (_, { environment }) => new MemoryDatastore(environmentEntries(environment)),
  },
  redis: {
    rules: { covers: 'segment', asked: SAME },
    open: async (settings, needs) => {
      const { RedisDatastore } = await import('../datastore/redis.ts');
      const { separator, key, password } = settings;
      const nodes = await nodesOf(settings, needs, '127.0.0.1:6379');
      return new RedisDatastore({ nodes, password: password ?? key, separator }, surroundingsOf(needs));
    },
  },
};

export const keyRulesOf = (settings: BackendSettings): KeyRules => TABLE[settings.name].rules;

/** The datastore that the settings name. Rejects with a UsageError, or a StageError `datastore`. */
export const openBackend = (settings: BackendSettings, needs: BackendNeeds): Promise<Datastore> =>
  TABLE[settings.name].open(settings, needs);
