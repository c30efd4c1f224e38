import { checkConfDir } from '../confd/check-conf-dir.ts';
import { processOnce, type Stopping, serve } from '../confd/confd-service.ts';
import { BACKENDS, type ConfdSettings, resolveConfdSettings } from '../confd/confd-settings.ts';
import { ConfdStatus, serveConfdStatus } from '../confd/confd-status.ts';
import { confdHelp } from '../confd/options.ts';
import { OwnStateDir } from '../confd/own-state-dir.ts';
import { type ParsedFlags, parseFlags, truth } from '../confd/parse-flags.ts';
import { formatDiagnostic } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { version } from '../core/version.ts';
import { tuneForService } from '../host/tune-v8.ts';
import { openLog } from '../log.ts';
import { ambientEnvironment } from '../settings.ts';
import { EXIT } from './exit-codes.ts';

const USAGE = `confd [BACKEND] [flags]          process templates, as confd does
confd check [BACKEND] [flags]    judge confd.toml, conf.d and templates only

BACKEND: ${BACKENDS.join(', ')}. -x and --x are one; every flag is also CONFD_ and its name in the environment, and a key of
confd.toml; flag before environment before file.

`;

/** Ends of the process: the first lets a reload finish, within the time for it; the second, and the end of that time, do not. */
function stoppingOf(graceMs: number, onHangUp: () => void) {
  const stop = new AbortController();
  const now = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const end = () => {
    if (stop.signal.aborted) return now.abort();
    stop.abort();
    grace = setTimeout(() => now.abort(), graceMs);
  };
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', onHangUp);
  const forget = () => {
    clearTimeout(grace);
    process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', onHangUp);
  };
  return { stop: stop.signal, now: now.signal, forget };
}

const surroundings = (log: Log) => {
  return {
    log,
    show: (text: string) => void process.stdout.write(text),
    status: new ConfdStatus(),
    reloadedAt: new Map<string, number>(),
  };
};

async function once(settings: ConfdSettings, log: Log): Promise<number> {
  const { forget, ...stopping } = stoppingOf(settings.graceMs, () => {});
  const around = surroundings(log);
  const own = new OwnStateDir(around.status, log);
  try {
    await own.take(settings);
    return (await processOnce(settings, around, stopping)) ? EXIT.ok : EXIT.usage;
  } finally {
    forget();
    await own.release();
  }
}

/**
 * Runs until SIGTERM or SIGINT; SIGHUP reads settings and conf.d anew. Settings that are wrong, or that the backend refuses, leave the old
 * ones in effect.
 */
async function service(first: ConfdSettings, reread: () => Promise<ConfdSettings>, log: Log): Promise<number> {
  tuneForService();
  let again = new AbortController();
  const { stop, now, forget } = stoppingOf(first.graceMs, () => again.abort());
  const around = surroundings(log);
  const own = new OwnStateDir(around.status, log);
  let tcp: Awaited<ReturnType<typeof serveConfdStatus>> | null = null;
  let settings = first;
  let fallBack: ConfdSettings | null = null;
  try {
    await own.take(first);
    tcp = first.statusAddress === null ? null : await serveConfdStatus(first.statusAddress, around.status);
    if (tcp) log('info', 'status-address', { port: tcp.port });
    for (let isStart = true; !stop.aborted; isStart = false) {
      try {
        const stopping: Stopping = { stop: AbortSignal.any([stop, again.signal]), now };
        await serve(settings, around, stopping, { isStart });
        fallBack = settings;
        if (stop.aborted) break;
        again = new AbortController(); // before reading: a signal that comes meanwhile counts
        log('info', 'settings-reread');
        const next = await reread();
        await own.take(next);
        settings = next;
      } catch (error) {
        if (!fallBack) throw error;
        log('error', 'settings-refused', { message: `${messageOf(error)}; the old settings stay in effect` });
        await own.take(fallBack);
        settings = fallBack;
        fallBack = null; // if not even these work any more, end
      }
    }
    log('info', 'stopped');
    return now.aborted ? EXIT.usage : EXIT.ok;
  } finally {
    forget();
    await tcp?.close();
    await own.release();
  }
}

/** Prints every fault of confd.toml, conf.d and templates. The exit code is 1 where there is any, an unknown key too. */
async function check(settings: ConfdSettings, log: Log): Promise<number> {
  const diagnostics = await checkConfDir(settings, log);
  for (const diagnostic of diagnostics) process.stdout.write(`${formatDiagnostic(diagnostic)}\n`);
  return diagnostics.length > 0 ? EXIT.usage : EXIT.ok;
}

async function run(flags: ParsedFlags): Promise<number> {
  const environment = ambientEnvironment();
  const [verb, ...rest] = flags.words;
  const isCheck = verb === 'check';
  const words = isCheck ? rest : flags.words;
  if (words.length > 1) throw new UsageError(`expected flags after ${words[0]}, found ${words[1]}`);
  const settings = () => resolveConfdSettings(flags, words[0] ?? null, environment);
  const first = await settings();
  const { log } = openLog(first.logLevel, first.logFormat);
  if (isCheck) return check(first, log);
  if (first.unknown.length > 0) log('warn', 'unknown-settings', { keys: first.unknown.join(', ') });
  log('info', 'backend', { backend: first.backend.name, nodes: first.backend.nodes.length });
  if (first.mode === 'onetime') return once(first, log);
  return service(first, settings, log);
}

/** `birdconfd confd …` and `confd …`: generic mode, with confd's flags and its exit codes, 0 and 1. It prints its own errors. */
export async function confdVerb(argv: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(argv);
    if (flags.help) {
      process.stdout.write(`${USAGE}${confdHelp()}\n`);
      return EXIT.ok;
    }
    if (truth(flags.values.get('version')?.at(-1) ?? 'false')) {
      process.stdout.write(`confd ${version} (birdconfd, Node ${process.versions.node})\n`);
      return EXIT.ok;
    }
    return await run(flags);
  } catch (error) {
    process.stderr.write(`confd: ${messageOf(error)}\n`);
    return EXIT.usage;
  }
}
