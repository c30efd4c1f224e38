/** One common option: `--name`, `BIRDCONFD_NAME`, and `name` in the TOML file of --config, all the same (design: cli.md). */
export interface Option {
  readonly name: string;
  /** What stands for the value in the help; null = a switch. */
  readonly value: string | null;
  readonly help: string;
  /** The value may be left out. */
  readonly optional?: true;
  /** May be given several times; in the environment separated by commas. */
  readonly many?: true;
  /** Calico's own variables for it, in order; each counts with the prefix CALICO_ first. */
  readonly environment?: readonly string[];
}

/** Every common option in the order of the help. */
export const OPTIONS = [
  {
    name: 'datastore',
    value: 'KIND',
    help: 'etcdv3, etcdv2 or files (files, if --input is given and no endpoints are)',
    environment: ['DATASTORE_TYPE'],
  },
  { name: 'endpoints', value: 'URLS', help: 'etcd endpoints, separated by commas', environment: ['ETCD_ENDPOINTS'] },
  { name: 'username', value: 'NAME', help: 'etcd user', environment: ['ETCD_USERNAME'] },
  { name: 'password-file', value: 'FILE', help: 'file that holds the etcd password (or set ETCD_PASSWORD)' },
  { name: 'ca-file', value: 'FILE', help: 'CA certificate of etcd', environment: ['ETCD_CA_CERT_FILE'] },
  { name: 'cert-file', value: 'FILE', help: 'client certificate for etcd', environment: ['ETCD_CERT_FILE'] },
  { name: 'key-file', value: 'FILE', help: 'key of the client certificate', environment: ['ETCD_KEY_FILE'] },
  {
    name: 'input',
    value: 'PATH',
    help: 'directory or file of resources (YAML, JSON), or a JSON dump of etcd; repeatable',
    many: true,
  },
  {
    name: 'data',
    value: 'LAYOUT',
    help: 'v1 (Calico up to 2.6) or v3: the layout of the data (what is there at the first start)',
  },
  { name: 'secrets-dir', value: 'DIR', help: 'passwords, each in a file <secret name>/<key>, as a mounted Secret' },
  {
    name: 'node',
    value: 'NAME',
    help: "this node's name (NODENAME, HOSTNAME, else the host's name)",
    environment: ['NODENAME', 'HOSTNAME'],
  },
  { name: 'calico-release', value: 'RELEASE', help: "auto or 3.N: whose rules count (auto: ClusterInformation's)" },
  { name: 'layout', value: 'LAYOUT', help: 'single: bird.conf and bird6.conf; calico: the six files of calico/node' },
  { name: 'bird', value: 'DIALECT', help: 'auto, calico or 1.6; auto asks the installed binary (render: by layout)' },
  { name: 'output', value: 'DIR', help: 'where the files go' },
  { name: 'templates', value: 'DIR', help: 'a tree laid out like templates/ in place of the built-in one' },
  { name: 'templates-overlay', value: 'DIR', help: 'templates that replace the built-in ones of the same name' },
  { name: 'state-dir', value: 'DIR', help: 'ledgers, kept bundles and the control socket (<output>/.birdconfd)' },
  { name: 'file-mode', value: 'MODE', help: 'mode of the files, octal (0640)' },
  { name: 'file-owner', value: 'USER', help: 'owner of the files (the running user)' },
  { name: 'file-group', value: 'GROUP', help: "group of the files (run: the control socket's)" },
  { name: 'check', value: 'HOW', help: 'bird or none: have `bird -p` parse every bundle before it goes live' },
  { name: 'bird-bin', value: 'PATH', help: 'the IPv4 daemon (bird)' },
  { name: 'bird6-bin', value: 'PATH', help: 'the IPv6 daemon (bird6)' },
  { name: 'bird-socket', value: 'PATH', help: "the IPv4 daemon's control socket" },
  { name: 'bird6-socket', value: 'PATH', help: "the IPv6 daemon's control socket" },
  { name: 'quiet-ms', value: 'MS', help: 'after a change, wait until nothing came for this long (500)' },
  { name: 'max-wait-ms', value: 'MS', help: 'but never longer than this (5000)' },
  { name: 'resync-interval', value: 'TIME', help: 'look at everything again this often (5m)' },
  {
    name: 'poll-interval',
    value: 'TIME',
    help: 'look this often whether BIRD is still the one that was confirmed (10s)',
  },
  {
    name: 'confirm-timeout',
    value: 'TIME',
    help: 'BIRD undoes by itself what restarts sessions and is not confirmed in this time (60s)',
  },
  {
    name: 'guard-gone',
    value: 'SHARE',
    help: 'hold when a fresh reading lacks more of the sessions, blocks or pools (25%, or off)',
  },
  { name: 'guard-gone-min', value: 'N', help: 'but let up to this many go (10)' },
  { name: 'guard-restarts', value: 'SHARE', help: 'hold when more of the sessions would restart (50%, or off)' },
  { name: 'guard-restarts-min', value: 'N', help: 'but only where more sessions than this run (10)' },
  { name: 'guard-last-peer', value: 'HOW', help: 'on or off: hold when no session would be left (on)' },
  { name: 'accept-takeover', value: null, help: 'let the first plan on a node change what runs there' },
  {
    name: 'restart-cmd',
    value: 'CMD',
    help: 'run this, without a shell, when BIRD must be restarted to listen as its files say; {daemon}: bird or bird6 (off)',
  },
  { name: 'restart-spread', value: 'TIME', help: 'each node at its own moment within this time (5m)' },
  { name: 'history', value: 'N', help: 'how many confirmed bundles are kept for a rollback (5)' },
  {
    name: 'max-stale',
    value: 'TIME',
    help: 'boot: BIRD starts with no bundle that was confirmed longer ago (however old)',
  },
  { name: 'status-address', value: 'HOST:PORT', help: 'serve /livez /readyz /status /metrics there, read-only (off)' },
  { name: 'metrics-per-peer', value: null, help: 'metrics with two series for each session' },
  { name: 'ready-file', value: 'FILE', help: 'made when BIRD first runs what the data ask for, removed at the end' },
  { name: 'strict', value: null, help: 'an error in the data fails the run' },
  { name: 'allow-missing-password', value: null, help: 'configure a peer whose password cannot be found without one' },
  {
    name: 'allow-custom-filters',
    value: null,
    help: 'use raw BIRD text of the v1 layout, if `bird -p` takes each piece alone',
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    help: 'debug, info, warn or error (info)',
    environment: ['BGP_LOGSEVERITYSCREEN'],
  },
  { name: 'log-format', value: 'FORMAT', help: 'text or json (text)' },
  { name: 'config', value: 'FILE', help: 'a TOML file with any of these options' },
] as const satisfies readonly Option[];

export type OptionName = (typeof OPTIONS)[number]['name'];

/** `bird6-socket` → `BIRDCONFD_BIRD6_SOCKET`. */
export const variableOf = (name: string): string => `BIRDCONFD_${name.toUpperCase().replaceAll('-', '_')}`;
