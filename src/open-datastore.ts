import { readFile } from 'node:fs/promises';
import type { Clock } from './core/clock.ts';
import { messageOf, UsageError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { Secret } from './core/secret.ts';
import type { Datastore } from './datastore/datastore.ts';
import { documentReading } from './datastore/document-reading.ts';
import type { EtcdCredentials, EtcdOptions } from './datastore/etcd-client.ts';
import { discoverEndpoints } from './datastore/etcd-discovery.ts';
import { FilesDatastore } from './datastore/files.ts';
import type { Surroundings } from './datastore/generations.ts';
import { JoinedDatastore } from './datastore/joined.ts';
import { secretReading, statusReading } from './datastore/raw-readings.ts';
import type { Reading } from './datastore/reading.ts';
import { VettedDatastore } from './datastore/vetted.ts';
import { type EtcdSettings, passwordIn } from './etcd-settings.ts';
import type { Settings } from './settings.ts';
import { customFilterVetting } from './vet-custom-filter.ts';

async function readCredential(option: string, path: string | null): Promise<Buffer | null> {
  if (path === null) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`--${option}: cannot read the file: ${messageOf(error)}`);
  }
}

async function readCredentials(etcd: EtcdSettings): Promise<EtcdCredentials> {
  const [caCert, cert, key, password] = await Promise.all([
    readCredential('ca-file', etcd.caFile),
    readCredential('cert-file', etcd.certFile),
    readCredential('key-file', etcd.keyFile),
    readCredential('password-file', etcd.passwordFile),
  ]);
  const { username } = etcd;
  return {
    username,
    password: password ? new Secret(passwordIn(password.toString())) : etcd.password,
    caCert,
    cert,
    key,
  };
}

async function etcdOptions(etcd: EtcdSettings): Promise<EtcdOptions> {
  await readCredentials(etcd); // what is wrong from the start is the caller's mistake, and no fault to wait out
  const domain = etcd.discoveryDomain;
  const endpoints = domain === null ? etcd.endpoints : await discoverEndpoints(domain);
  return { endpoints, credentials: () => readCredentials(etcd) };
}

/** What a datastore is opened with. `watch` false: it is read once. */
interface OpenOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly watch: boolean;
}

async function openEtcd(
  etcd: EtcdSettings,
  resyncIntervalMs: number,
  { log, clock, watch }: OpenOptions,
): Promise<Datastore> {
  const options = await etcdOptions(etcd);
  const surroundings: Surroundings = {
    clock,
    resyncIntervalMs,
    log: (event, fields) => log(event === 'datastore-in-sync' ? 'info' : 'warn', event, fields),
  };
  if (etcd.version === 2) {
    const { EtcdV2Datastore } = await import('./datastore/etcd-v2.ts');
    return new EtcdV2Datastore(options, surroundings);
  }
  const { EtcdV3Datastore } = await import('./datastore/etcd-v3.ts');
  return new EtcdV3Datastore(options, { ...surroundings, watch });
}

/**
 * The datastore that the settings name, not yet started: etcd or files, and beside it what other files hold: resources that
 * etcd does not have, passwords, and the status of local workloads. etcd3 is loaded only when it is used, because it alone is half
 * of a start.
 */
export async function openDatastore(settings: Settings, options: OpenOptions): Promise<Datastore> {
  const { log, clock, watch } = options;
  const filesAt = (paths: readonly string[], reading: Reading): Datastore =>
    new FilesDatastore(paths, { reading, log: (event, fields) => log('warn', event, fields), watch, clock });
  const resources = settings.inputs.length > 0 ? [filesAt(settings.inputs, documentReading)] : [];
  const secrets = settings.secretsDir === null ? [] : [filesAt([settings.secretsDir], secretReading())];
  const statuses = filesAt([settings.statusDir], statusReading);
  const etcd = settings.etcd ? [await openEtcd(settings.etcd, settings.resyncMs, options)] : [];
  const [primary, ...beside] = [...etcd, ...resources, ...secrets, statuses];
  const joined = new JoinedDatastore(primary!, beside, { clock });
  if (!settings.allowCustomFilters || settings.data === 'v3') return joined;
  return new VettedDatastore(joined, customFilterVetting(settings));
}
