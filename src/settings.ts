import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { show } from './core/diagnostic.ts';
import { messageOf, UsageError } from './core/errors.ts';
import { parseIp } from './core/ip-address.ts';
import type { LogLevel } from './core/log.ts';
import { Secret } from './core/secret.ts';
import { isResourceName } from './datamodel/values.ts';
import { type Environment, type Flags, type Given, givenOptions } from './given-options.ts';
import type { OptionName } from './option-table.ts';
import type { Layout } from './render/view.ts';

/** Paths of the etcd credentials; the datastore reads the files itself, again after a rotation. */
export interface EtcdSettings {
  readonly endpoints: readonly string[];
  readonly username: string | null;
  readonly password: Secret | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** One daemon of the machine. */
export interface DaemonSettings {
  readonly binary: string;
  readonly socket: string;
}

/** Everything that flags, environment and file decide, checked and with defaults applied. Paths are absolute, times in ms. */
export interface Settings {
  readonly nodeName: string;
  readonly routerId: string | null;
  readonly etcd: EtcdSettings | null;
  readonly inputs: readonly string[];
  readonly layout: Layout;
  readonly flavour: 'auto' | 'calico' | '1.6';
  readonly output: string;
  readonly templates: string | null;
  readonly stateDir: string;
  readonly fileMode: number;
  readonly fileOwner: string | null;
  readonly fileGroup: string | null;
  readonly check: boolean;
  readonly daemons: { readonly bird: DaemonSettings; readonly bird6: DaemonSettings };
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly resyncMs: number;
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

function readToml(path: string, parse: (text: string) => Readonly<Record<string, unknown>>) {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
}

/** Reads the given options one by one; a value that does not fit is refused with its name, where it came from, and what was expected. */
class Reader {
  readonly #given: ReadonlyMap<OptionName, Given>;

  constructor(given: ReadonlyMap<OptionName, Given>) {
    this.#given = given;
  }

  all(name: OptionName): readonly string[] {
    return this.#given.get(name)?.values ?? [];
  }

  text(name: OptionName): string | null {
    return this.all(name).at(-1) ?? null;
  }

  path(name: OptionName): string | null {
    const text = this.text(name);
    return text === null ? null : resolve(text);
  }

  parsed<T>(name: OptionName, expected: string, parse: (text: string) => T | null, otherwise: T): T {
    const text = this.text(name);
    if (text === null) return otherwise;
    const value = parse(text);
    if (value === null)
      throw new UsageError(`${this.#given.get(name)?.from}: expected ${expected}, found ${show(text)}`);
    return value;
  }

  oneOf<const T extends string>(name: OptionName, words: readonly T[], otherwise: T): T {
    const parse = (text: string) => words.find((word) => word === text.toLowerCase()) ?? null;
    return this.parsed(name, words.join(' or '), parse, otherwise);
  }

  flag(name: OptionName): boolean {
    return this.parsed(name, 'true or false', (t) => (t === 'true' ? true : t === 'false' ? false : null), false);
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90`, `90s`, `5m`, `250ms`, `1h` → milliseconds; a bare number is seconds. */
export function parseTime(text: string): number | null {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  return number === undefined ? null : Math.round(Number(number) * (UNITS[unit] ?? 0));
}

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null);
const octal = (text: string): number | null => (/^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : null);

/** What calico/node's environment says about whether BIRD runs at all (spec calico-v3, 1.4 and 8.1). */
function whyNotRunning(environment: Environment): string | null {
  const backend = environment.CALICO_NETWORKING_BACKEND;
  if (backend === 'none' || backend === 'vxlan') return `CALICO_NETWORKING_BACKEND=${backend}`;
  return environment.CALICO_NETWORKING === 'false' ? 'CALICO_NETWORKING=false' : null;
}

function etcdSettings(reader: Reader, environment: Environment): EtcdSettings {
  const endpoints = (reader.text('endpoints') ?? 'http://127.0.0.1:2379').split(',').map((e) => e.trim());
  const odd = endpoints.find((endpoint) => !/^https?:\/\/[^\s/]+$/.test(endpoint));
  if (odd !== undefined)
    throw new UsageError(`--endpoints: expected URLs such as http://127.0.0.1:2379, found ${show(odd)}`);
  const file = reader.path('password-file');
  const fromFile = file === null ? undefined : readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  const password = fromFile ?? (environment.CALICO_ETCD_PASSWORD || environment.ETCD_PASSWORD);
  const username = reader.text('username');
  if ((username === null) !== !password) throw new UsageError('etcd: give both a user name and a password, or neither');
  return {
    endpoints,
    username,
    password: password ? new Secret(password) : null,
    caFile: reader.path('ca-file'),
    certFile: reader.path('cert-file'),
    keyFile: reader.path('key-file'),
  };
}

function usesEtcd(reader: Reader): boolean {
  const byDefault = reader.all('input').length > 0 && reader.text('endpoints') === null ? 'files' : 'etcdv3';
  if (reader.text('datastore') === 'kubernetes') {
    throw new UsageError('the Kubernetes API datastore is not built: use --datastore etcdv3, or files with --input');
  }
  const kind = reader.oneOf('datastore', ['etcdv3', 'files'], byDefault);
  if (kind === 'files' && reader.all('input').length === 0)
    throw new UsageError('--datastore files needs --input PATH');
  return kind === 'etcdv3';
}

function nodeName(reader: Reader): string {
  const name = reader.text('node') ?? hostname();
  if (isResourceName(name)) return name;
  throw new UsageError(`--node: expected a node name of letters, digits, ".", "-" and "_", found ${show(name)}`);
}

function routerId(environment: Environment): string | null {
  const value = environment.CALICO_ROUTER_ID;
  if (!value || value === 'hash' || parseIp(value)?.family === 4) return value || null;
  throw new UsageError(`CALICO_ROUTER_ID: expected "hash" or an IPv4 address, found ${show(value)}`);
}

/** Checks and completes what was given. Throws UsageError with the option, its source and what was expected. */
export async function resolveSettings(flags: Flags, environment: Environment = process.env): Promise<Settings> {
  const { parse } = await import('smol-toml');
  const reader = new Reader(givenOptions(flags, environment, (path) => readToml(path, parse)));
  const layout = reader.oneOf('layout', ['single', 'calico'], 'single');
  const { output: defaultOutput, sockets } = DEFAULTS[layout];
  const output = reader.path('output') ?? defaultOutput;
  return {
    nodeName: nodeName(reader),
    routerId: routerId(environment),
    etcd: usesEtcd(reader) ? etcdSettings(reader, environment) : null,
    inputs: reader.all('input').map((path) => resolve(path)),
    layout,
    flavour: reader.oneOf('bird', ['auto', 'calico', '1.6'], 'auto'),
    output,
    templates: reader.path('templates'),
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

/** Whether a CI runs this process, by the variable that every CI sets. */
export const runsInCi = (environment: Environment = process.env): boolean => Boolean(environment.CI);
