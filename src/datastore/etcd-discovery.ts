import { promises as dns } from 'node:dns';
import { messageOf, StageError } from '../core/errors.ts';
import { byBytesOf } from '../core/order.ts';

/** The part of node's resolver that is used here. */
export interface SrvResolver {
  resolveSrv(
    name: string,
  ): Promise<readonly { readonly name: string; readonly port: number; readonly priority: number }[]>;
}

/** The SRV records that etcd's own clients ask for, with the scheme that each stands for. */
const SERVICES = [
  ['_etcd-client-ssl._tcp', 'https'],
  ['_etcd-client._tcp', 'http'],
] as const;

/**
 * The endpoints that the SRV records of `domain` name, TLS first, then by priority and name. Rejects with a retryable StageError
 * `datastore`/`discovery-failed` when there are none, with what the resolver said.
 */
export async function discoverEndpoints(domain: string, resolver: SrvResolver = dns): Promise<readonly string[]> {
  const said: string[] = [];
  const found = SERVICES.map(async ([service, scheme]) => {
    try {
      const records = [...(await resolver.resolveSrv(`${service}.${domain}`))];
      records.sort(byBytesOf(({ priority, name }) => `${String(priority).padStart(5, '0')} ${name}`));
      return records.map(({ name, port }) => `${scheme}://${name}:${port}`);
    } catch (thrown) {
      said.push(messageOf(thrown));
      return [];
    }
  });
  const endpoints = (await Promise.all(found)).flat();
  if (endpoints.length > 0) return endpoints;
  const message = `no etcd is named by the SRV records of ${domain}: ${said.join('; ')}`;
  throw new StageError('datastore', 'discovery-failed', message, { retryable: true });
}
