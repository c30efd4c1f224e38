import { readFileSync } from 'node:fs';
import { show } from './core/diagnostic.ts';
import { UsageError } from './core/errors.ts';
import type { DataLayout } from './core/keys.ts';
import { Secret } from './core/secret.ts';
import type { Environment } from './given-options.ts';
import type { OptionReader } from './option-reader.ts';

/** Where etcd is, and the credentials. The files are read by the datastore, again for every connection: they may be rotated. */
export interface EtcdSettings {
  /** Which of etcd's two stores: v2 is what Calico up to 2.6 wrote. */
  readonly version: 2 | 3;
  readonly endpoints: readonly string[];
  /** The domain whose SRV records name the endpoints, which are empty then; or null. */
  readonly discoveryDomain: string | null;
  readonly username: string | null;
  readonly password: Secret | null;
  /** Where `password` was read, or null. */
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** ETCD_DISCOVERY_SRV. Throws UsageError for what is no domain, and beside endpoints. */
function discoveryDomain(reader: OptionReader, environment: Environment): string | null {
  const domain = environment.CALICO_ETCD_DISCOVERY_SRV || environment.ETCD_DISCOVERY_SRV || null;
  if (domain === null) return null;
  if (reader.text('endpoints') !== null)
    throw new UsageError('etcd: give either endpoints or ETCD_DISCOVERY_SRV, not both');
  if (/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(domain)) return domain;
  throw new UsageError(`ETCD_DISCOVERY_SRV: expected a domain, found ${show(domain)}`);
}

/** Where etcd is by the variables of v0.22, which later releases still take: one member, and how it is asked. */
function legacyEndpoint(environment: Environment): string {
  const of = (name: string) => environment[`CALICO_${name}`] || environment[name];
  return `${of('ETCD_SCHEME') || 'http'}://${of('ETCD_AUTHORITY') || '127.0.0.1:2379'}`;
}

/** The password that a file holds: all of it but a line break at its end. */
export const passwordIn = (text: string): string => text.replace(/\r?\n$/, '');

/** Throws UsageError for what is no URL, and for a user without a password. */
export function etcdSettings(reader: OptionReader, environment: Environment, version: 2 | 3): EtcdSettings {
  const domain = discoveryDomain(reader, environment);
  const named = reader.text('endpoints') ?? legacyEndpoint(environment);
  const endpoints = domain === null ? named.split(',').map((e) => e.trim()) : [];
  // It would stand in every message about etcd; and etcd's own client does not take it.
  if (endpoints.some((endpoint) => endpoint.includes('@')))
    throw new UsageError('--endpoints: user and password do not go into the URL: give --username and --password-file');
  const odd = endpoints.find((endpoint) => !/^https?:\/\/[^\s/]+$/.test(endpoint));
  if (odd !== undefined)
    throw new UsageError(`--endpoints: expected URLs such as http://127.0.0.1:2379, found ${show(odd)}`);
  const file = reader.path('password-file');
  const fromFile = file === null ? undefined : passwordIn(readFileSync(file, 'utf8'));
  const password = fromFile ?? (environment.CALICO_ETCD_PASSWORD || environment.ETCD_PASSWORD);
  const username = reader.text('username');
  if ((username === null) !== !password) throw new UsageError('etcd: give both a user name and a password, or neither');
  return {
    version,
    endpoints,
    discoveryDomain: domain,
    username,
    password: password ? new Secret(password) : null,
    passwordFile: file,
    caFile: reader.path('ca-file'),
    certFile: reader.path('cert-file'),
    keyFile: reader.path('key-file'),
  };
}

/** Which etcd the data are in; null = files. */
export function etcdVersion(reader: OptionReader, environment: Environment): 2 | 3 | null {
  const variables = ['ETCD_AUTHORITY', 'ETCD_DISCOVERY_SRV'].flatMap((name) => [`CALICO_${name}`, name]);
  const isNamed = reader.text('endpoints') !== null || variables.some((name) => environment[name]);
  const byDefault = reader.all('input').length > 0 && !isNamed ? 'files' : 'etcdv3';
  if (reader.text('datastore') === 'kubernetes') {
    throw new UsageError('the Kubernetes API datastore is not built: use --datastore etcdv3, or files with --input');
  }
  const kind = reader.oneOf('datastore', ['etcdv3', 'etcdv2', 'files'], byDefault);
  if (kind === 'files' && reader.all('input').length === 0)
    throw new UsageError('--datastore files needs --input PATH');
  return kind === 'files' ? null : kind === 'etcdv3' ? 3 : 2;
}

/** The layout that is asked for; null = what is there decides. Calico never wrote today's into etcd's v2 store. */
export function dataLayout(reader: OptionReader, version: 2 | 3 | null): DataLayout | null {
  const given = reader.text('data') === null ? null : reader.oneOf('data', ['v1', 'v3'], 'v3');
  if (version !== 2) return given;
  if (given === 'v3') throw new UsageError('--datastore etcdv2 holds data of the v1 layout only: leave --data v3 out');
  return 'v1';
}
