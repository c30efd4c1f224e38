/** How a flag of confd's is written: `flag` needs no value, `many` may be repeated. */
export type ConfdOptionKind = 'text' | 'number' | 'flag' | 'many';

/** One of confd's flags; `_` and `-`, upper and lower case are alike in confd.toml. */
export interface ConfdOption {
  readonly name: string;
  readonly kind: ConfdOptionKind;
  /** Its name in confd.toml, where that is another one. */
  readonly file?: string;
  /** Its variable, where that is not `CONFD_` and the name in upper case. */
  readonly variable?: string;
  readonly help: string;
}

/** Every flag of confd 0.16 and 0.17, then those that only this confd has (spec confd, 1.1 and 5). */
export const CONFD_OPTIONS = [
  { name: 'backend', kind: 'text', help: 'where the keys are: etcd, etcdv3, etcdv2, file, env, redis (etcd)' },
  { name: 'node', kind: 'many', file: 'nodes', help: 'a node of the backend, HOST:PORT or a URL' },
  { name: 'scheme', kind: 'text', help: 'the scheme of nodes that SRV records name (http)' },
  { name: 'srv-domain', kind: 'text', help: 'look the nodes up in the SRV records of this domain' },
  { name: 'srv-record', kind: 'text', help: 'look the nodes up in this SRV record' },
  { name: 'prefix', kind: 'text', help: 'put before the keys, in place of the resources’ own prefixes' },
  { name: 'confdir', kind: 'text', help: 'the folder of conf.d and templates (/etc/confd)' },
  { name: 'config-file', kind: 'text', help: 'the settings file (/etc/confd/confd.toml)' },
  { name: 'interval', kind: 'number', help: 'seconds between two readings; with -watch, between two full looks (600)' },
  { name: 'watch', kind: 'flag', help: 'follow changes as they happen' },
  { name: 'onetime', kind: 'flag', help: 'process everything once, then exit' },
  { name: 'noop', kind: 'flag', help: 'only show what would be changed' },
  { name: 'sync-only', kind: 'flag', help: 'run neither check_cmd nor reload_cmd' },
  { name: 'keep-stage-file', kind: 'flag', help: 'leave the staged files beside the targets' },
  { name: 'log-level', kind: 'text', help: 'debug, info, warn, error, fatal or panic (info)' },
  { name: 'auth-token', kind: 'text', help: 'of vault, which is not built' },
  { name: 'auth-type', kind: 'text', help: 'of vault, which is not built' },
  { name: 'app-id', kind: 'text', help: 'of vault, which is not built' },
  { name: 'user-id', kind: 'text', help: 'of vault, which is not built' },
  { name: 'role-id', kind: 'text', help: 'of vault, which is not built' },
  { name: 'secret-id', kind: 'text', help: 'of vault, which is not built' },
  { name: 'path', kind: 'text', help: 'of vault, which is not built' },
  { name: 'basic-auth', kind: 'flag', help: 'not needed: a user name is used wherever it is given' },
  { name: 'username', kind: 'text', help: 'the user who asks the backend' },
  { name: 'password', kind: 'text', help: 'and the password' },
  { name: 'client-ca-keys', kind: 'text', file: 'client-cakeys', variable: 'CONFD_CLIENT_CAKEYS', help: 'CA file' },
  { name: 'client-cert', kind: 'text', help: 'certificate file' },
  { name: 'client-key', kind: 'text', help: 'key file; with redis, the password' },
  { name: 'client-insecure', kind: 'flag', help: 'accepted, and without effect, as in confd' },
  { name: 'file', kind: 'many', help: 'a YAML, JSON or TOML file, or a folder of them, for the backend file' },
  { name: 'filter', kind: 'text', help: 'which files of a folder count, by name (*)' },
  { name: 'table', kind: 'text', help: 'of dynamodb, which is not built' },
  { name: 'separator', kind: 'text', help: 'what stands in redis for the / of keys (/)' },
  { name: 'version', kind: 'flag', help: 'print the version' },
  {
    name: 'prefix-mode',
    kind: 'text',
    help: 'override, or concat: -prefix is put before the resource’s own (override)',
  },
  { name: 'state-dir', kind: 'text', help: 'where owed reloads are remembered' },
  { name: 'check-cmd-timeout', kind: 'text', help: 'how long a check_cmd may take (30s)' },
  { name: 'reload-cmd-timeout', kind: 'text', help: 'how long a reload_cmd may take (60s)' },
  { name: 'shutdown-timeout', kind: 'text', help: 'how long a reload may still take after SIGTERM (30s)' },
  {
    name: 'status-address',
    kind: 'text',
    help: 'HOST:PORT of /livez, /readyz, /status and /metrics over HTTP; off by default',
  },
  { name: 'log-format', kind: 'text', help: 'text or json (text)' },
] as const satisfies readonly ConfdOption[];

export type ConfdOptionName = (typeof CONFD_OPTIONS)[number]['name'];

/** As confd.toml is read: `log-level`, `log_level` and `LogLevel` are one name. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');

export const confdVariable = ({ name, variable }: ConfdOption): string =>
  variable ?? `CONFD_${name.toUpperCase().replace(/-/g, '_')}`;

/** The lines of -help. */
export const confdHelp = (): string =>
  (CONFD_OPTIONS as readonly ConfdOption[])
    .map(({ name, kind, help }) => `  -${name}${kind === 'flag' ? '' : ' VALUE'}\n        ${help}`)
    .join('\n');
