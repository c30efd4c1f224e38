import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { show } from './core/diagnostic.ts';
import { messageOf, UsageError } from './core/errors.ts';
import { type IpAddress, isSessionAddress, parseAddressWithLength, parseIp } from './core/ip-address.ts';
import type { DataLayout } from './core/keys.ts';
import type { LogLevel } from './core/log.ts';
import { parseTime } from './core/time-span.ts';
import { parseRelease, type Release } from './datamodel/release.ts';
import { isResourceName, parseTypedCidr, type TypedCidr } from './datamodel/values.ts';
import { dataLayout, type EtcdSettings, etcdSettings, etcdVersion } from './etcd-settings.ts';
import { type Environment, type Flags, givenOptions } from './given-options.ts';
import { OptionReader } from './option-reader.ts';
import { octal, share, wholeNumber, words } from './option-values.ts';
import type { Layout } from './render/view.ts';
import type { Limits } from './transaction/guards.ts';

/** The daemons of BGP mode, one a family; each is a target of this name, with a ledger of its own. */
export const DAEMONS = ['bird', 'bird6'] as const;

/** One daemon of the machine. */
export interface DaemonSettings {
  readonly binary: string;
  readonly socket: string;
}

/** Everything that flags, environment and file decide, checked and with defaults applied. Paths are absolute, times in ms. */
export interface Settings {
  readonly nodeName: string;
  readonly routerId: string | null;
  /** IP and IP6, which only the v1 layout asks for; null = the datastore's. */
  readonly ownAddresses: Readonly<Record<4 | 6, IpAddress | null>>;
  /** Null = what the datastore holds decides, once. */
  readonly data: DataLayout | null;
  /** CALICO_ADVERTISE_CLUSTER_IPS. */
  readonly clusterIps: TypedCidr | null;
  /** The node's name in Kubernetes, where it is another one. */
  readonly kubernetesNode: string;
  readonly usePodCidr: boolean;
  /** Null = the release that the data name. */
  readonly release: Release | null;
  /** The namespace of password Secrets. */
  readonly namespace: string;
  readonly allowMissingPassword: boolean;
  /** Raw BIRD text of the v1 layout is used, once BIRD has taken each piece alone. */
  readonly allowCustomFilters: boolean;
  readonly etcd: EtcdSettings | null;
  readonly inputs: readonly string[];
  /** Passwords, `<secret name>/<key>`; null = none in files. */
  readonly secretsDir: string | null;
  /** Where the local workloads' status files stand; need not exist. */
  readonly statusDir: string;
  readonly layout: Layout;
  readonly flavour: 'auto' | 'calico' | '1.6';
  readonly output: string;
  readonly templates: string | null;
  /** Templates that replace those of the same name; null = none. */
  readonly templatesOverlay: string | null;
  readonly stateDir: string;
  readonly fileMode: number;
  readonly fileOwner: string | null;
  readonly fileGroup: string | null;
  readonly check: boolean;
  readonly daemons: { readonly bird: DaemonSettings; readonly bird6: DaemonSettings };
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly resyncMs: number;
  readonly pollMs: number;
  /** BIRD undoes a change that restarts sessions after this long, unless it was confirmed. */
  readonly undoSeconds: number;
  readonly limits: Limits;
  readonly acceptTakeover: boolean;
  /** Starts a daemon again, which `{daemon}` stands for: a program and its arguments; null = nothing does. */
  readonly restartCommand: readonly string[] | null;
  readonly restartSpreadMs: number;
  /** How many confirmed bundles are kept. */
  readonly history: number;
  /** BIRD is started with no bundle that was confirmed longer ago. */
  readonly maxStaleMs: number;
  /** HOST:PORT of the read-only status over HTTP; null = only the unix socket. */
  readonly statusAddress: string | null;
  /** Series of their own for every session. */
  readonly metricsPerPeer: boolean;
  /** Stands there while the service is ready; null = none. */
  readonly readyFile: string | null;
  /** Where systemd listens for READY=1; null = it does not. */
  readonly notifySocket: string | null;
  readonly strict: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  /** Why there is nothing to run here (Canal, VXLAN), or null. */
  readonly notRunning: string | null;
}

const DEFAULTS = {
  single: { output: '/etc/birdconfd/bird', sockets: '/run/bird' },
  calico: { output: '/etc/calico/confd/config', sockets: '/var/run/calico' },
} as const;

async function readToml(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import('smol-toml');
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
}

/** What calico/node's environment says about whether BIRD runs at all (spec calico-v3, 1.4 and 8.1). */
function whyNotRunning(environment: Environment): string | null {
  const backend = environment.CALICO_NETWORKING_BACKEND;
  if (backend === 'none' || backend === 'vxlan') return `CALICO_NETWORKING_BACKEND=${backend}`;
  return environment.CALICO_NETWORKING === 'false' ? 'CALICO_NETWORKING=false' : null;
}

function nodeName(reader: OptionReader): string {
  const name = reader.text('node') ?? hostname();
  if (isResourceName(name)) return name;
  throw new UsageError(`--node: expected a node name of letters, digits, ".", "-" and "_", found ${show(name)}`);
}

function routerId(environment: Environment): string | null {
  const value = environment.CALICO_ROUTER_ID;
  if (!value || value === 'hash' || parseIp(value)?.family === 4) return value || null;
  throw new UsageError(`CALICO_ROUTER_ID: expected "hash" or an IPv4 address, found ${show(value)}`);
}

/** Words that calico/node takes for an address to be found (spec calico-v1, 3); ours is found in the datastore. */
const NO_ADDRESS = ['autodetect', 'none'];

/** IP or IP6: an address of the family, with or without a length as later releases wrote it. */
function ownAddress(environment: Environment, name: 'IP' | 'IP6'): IpAddress | null {
  const value = environment[name]?.trim();
  if (!value || NO_ADDRESS.includes(value)) return null;
  const family = name === 'IP' ? 4 : 6;
  const address = parseAddressWithLength(value)?.address;
  if (address?.family === family && isSessionAddress(address)) return address;
  throw new UsageError(`${name}: expected an IPv${family} address, found ${show(value)}`);
}

function calicoRelease(reader: OptionReader): Release | null {
  const parse = (text: string) => (text === 'auto' ? 'auto' : parseRelease(text));
  const release = reader.parsed('calico-release', 'auto or a release from 3.26 on, such as 3.31', parse, 'auto');
  return release === 'auto' ? null : release;
}

function clusterIps(environment: Environment): TypedCidr | null {
  const value = environment.CALICO_ADVERTISE_CLUSTER_IPS;
  const cidr = value ? parseTypedCidr(value) : null;
  if (value && !cidr) throw new UsageError(`CALICO_ADVERTISE_CLUSTER_IPS: expected a CIDR, found ${show(value)}`);
  return cidr;
}

const limits = (reader: OptionReader): Limits => ({
  gone: reader.parsed('guard-gone', 'a share such as 25%, or off', share, 0.25),
  goneAtLeast: reader.parsed('guard-gone-min', 'a number', wholeNumber, 10),
  restarts: reader.parsed('guard-restarts', 'a share such as 50%, or off', share, 0.5),
  restartsAtLeast: reader.parsed('guard-restarts-min', 'a number', wholeNumber, 10),
  lastPeer: reader.oneOf('guard-last-peer', ['on', 'off'], 'on') === 'on',
});

/** Checks and completes what was given. Throws UsageError with the option, its source and what was expected. */
export async function resolveSettings(flags: Flags, environment: Environment = process.env): Promise<Settings> {
  const reader = new OptionReader(await givenOptions(flags, environment, readToml));
  const layout = reader.oneOf('layout', ['single', 'calico'], 'single');
  const { output: defaultOutput, sockets } = DEFAULTS[layout];
  const output = reader.path('output') ?? defaultOutput;
  const version = etcdVersion(reader, environment);
  return {
    nodeName: nodeName(reader),
    routerId: routerId(environment),
    ownAddresses: { 4: ownAddress(environment, 'IP'), 6: ownAddress(environment, 'IP6') },
    data: dataLayout(reader, version),
    clusterIps: clusterIps(environment),
    kubernetesNode: environment.CALICO_K8S_NODE_REF || nodeName(reader),
    usePodCidr: (environment.CALICO_USE_POD_CIDR || environment.USE_POD_CIDR) === 'true',
    release: calicoRelease(reader),
    namespace: environment.NAMESPACE || 'kube-system',
    allowMissingPassword: reader.flag('allow-missing-password'),
    allowCustomFilters: reader.flag('allow-custom-filters'),
    etcd: version === null ? null : etcdSettings(reader, environment, version),
    inputs: reader.all('input').map((path) => resolve(path)),
    secretsDir: reader.path('secrets-dir'),
    statusDir: resolve(environment.CALICO_ENDPOINT_STATUS_PATH_PREFIX || '/var/run/calico', 'endpoint-status'),
    layout,
    flavour: reader.oneOf('bird', ['auto', 'calico', '1.6'], 'auto'),
    output,
    templates: reader.path('templates'),
    templatesOverlay: reader.path('templates-overlay'),
    stateDir: reader.path('state-dir') ?? join(output, '.birdconfd'),
    fileMode: reader.parsed('file-mode', 'an octal mode such as 0640', octal, 0o640),
    fileOwner: reader.text('file-owner'),
    fileGroup: reader.text('file-group'),
    check: reader.oneOf('check', ['bird', 'none'], 'bird') === 'bird',
    daemons: {
      bird: { binary: reader.text('bird-bin') ?? 'bird', socket: reader.path('bird-socket') ?? `${sockets}/bird.ctl` },
      bird6: {
        binary: reader.text('bird6-bin') ?? 'bird6',
        socket: reader.path('bird6-socket') ?? `${sockets}/bird6.ctl`,
      },
    },
    quietMs: reader.parsed('quiet-ms', 'milliseconds', wholeNumber, 500),
    maxWaitMs: reader.parsed('max-wait-ms', 'milliseconds', wholeNumber, 5000),
    resyncMs: reader.parsed('resync-interval', 'a time such as 5m or 90s', parseTime, 300_000),
    pollMs: reader.parsed('poll-interval', 'a time such as 10s', parseTime, 10_000),
    undoSeconds: Math.ceil(reader.parsed('confirm-timeout', 'a time such as 60s', parseTime, 60_000) / 1000),
    limits: limits(reader),
    acceptTakeover: reader.flag('accept-takeover'),
    restartCommand: reader.parsed('restart-cmd', 'a program and its arguments', words, null),
    restartSpreadMs: reader.parsed('restart-spread', 'a time such as 5m', parseTime, 300_000),
    history: reader.parsed('history', 'a number', wholeNumber, 5),
    maxStaleMs: reader.parsed('max-stale', 'a time such as 24h', parseTime, Number.POSITIVE_INFINITY),
    statusAddress: reader.text('status-address'),
    metricsPerPeer: reader.flag('metrics-per-peer'),
    readyFile: reader.path('ready-file'),
    notifySocket: environment.NOTIFY_SOCKET || null,
    strict: reader.flag('strict'),
    logLevel: reader.parsed('log-level', 'debug, info, warn or error', logLevel, 'info'),
    logFormat: reader.oneOf('log-format', ['text', 'json'], 'text'),
    notRunning: whyNotRunning(environment),
  };
}

/** Calico writes its levels in several ways; its panic and fatal are our error. */
function logLevel(text: string): LogLevel | null {
  const levels: Readonly<Record<string, LogLevel>> = {
    debug: 'debug',
    trace: 'debug',
    info: 'info',
    warn: 'warn',
    warning: 'warn',
    error: 'error',
    fatal: 'error',
    panic: 'error',
    none: 'error',
  };
  return levels[text.toLowerCase()] ?? null;
}

/** Whether to colour what a person reads: on a terminal that knows colours, unless NO_COLOR says not to. */
export const wantsColour = (isTerminal: boolean, environment: Environment = process.env): boolean =>
  isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb';

/** Whether a CI runs this process, by the variable that every CI sets. */
export const runsInCi = (environment: Environment = process.env): boolean => Boolean(environment.CI);

/** The whole environment, for generic mode: its backend `env` and its getenv read names that only templates know. */
export const ambientEnvironment = (): Environment => process.env;
