import { readFile } from 'node:fs/promises';
import type { Clock } from './core/clock.ts';
import { messageOf, UsageError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { Datastore } from './datastore/datastore.ts';
import type { EtcdOptions } from './datastore/etcd-client.ts';
import type { EtcdSettings, Settings } from './settings.ts';

async function readCredential(option: string, path: string | null): Promise<Buffer | null> {
  if (path === null) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`--${option}: cannot read the file: ${messageOf(error)}`);
  }
}

async function etcdOptions(etcd: EtcdSettings): Promise<EtcdOptions> {
  const [caCert, cert, key] = await Promise.all([
    readCredential('ca-file', etcd.caFile),
    readCredential('cert-file', etcd.certFile),
    readCredential('key-file', etcd.keyFile),
  ]);
  return { endpoints: etcd.endpoints, username: etcd.username, password: etcd.password, caCert, cert, key };
}

/**
 * The datastore that the settings name, not yet started: etcd, or files, or etcd with files beside it. `watch` false: for verbs
 * that read once. Only what is used is loaded, because etcd3 alone costs 120 ms of start-up.
 */
export async function openDatastore(
  settings: Settings,
  { log, clock, watch }: { readonly log: Log; readonly clock: Clock; readonly watch: boolean },
): Promise<Datastore> {
  const openFiles = async () => {
    const { FilesDatastore } = await import('./datastore/files.ts');
    return new FilesDatastore(settings.inputs, { log: (event, fields) => log('warn', event, fields), watch });
  };
  if (!settings.etcd) return openFiles();
  const { EtcdV3Datastore } = await import('./datastore/etcd-v3.ts');
  const etcd = new EtcdV3Datastore(await etcdOptions(settings.etcd), {
    clock,
    resyncIntervalMs: settings.resyncMs,
    log: (event, fields) => log(event === 'datastore-in-sync' ? 'info' : 'warn', event, fields),
  });
  if (settings.inputs.length === 0) return etcd;
  const { JoinedDatastore } = await import('./datastore/joined.ts');
  return new JoinedDatastore(etcd, [await openFiles()], { clock });
}
