import { constants, open, readFile } from 'node:fs/promises';
import { PLAIN_ENVIRONMENT } from '../bird/run-bird.ts';
import { messageOf, StageError } from '../core/errors.ts';
import { runCommand } from './command.ts';
import { commandFor } from './command-text.ts';
import type { Reload, TemplateResource } from './resource.ts';

const failed = (code: string, message: string, cause?: unknown): StageError =>
  new StageError('reload', code, message, { retryable: true, cause });

/** A pid file as it is, and whose. */
async function readPidFile(path: string): Promise<{ readonly text: string; readonly uid: number }> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { text: (await file.readFile('utf8')).trim(), uid: (await file.stat()).uid };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw failed('no-pid', `${path}: ${messageOf(error)}`, error);
  }
}

/** The user as whom a process runs. Not the owner of its folder in /proc: that is root's where it has changed its user. */
async function userOf(pid: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
}

/** Sends a signal to the process that the pid file names; a file of another user's can name that user's own processes only. */
async function signalProcess({ pidFile, signal }: Extract<Reload, { mode: 'signal' }>): Promise<void> {
  const { text, uid } = await readPidFile(pidFile);
  // 0 and negative numbers are groups, and 1 is nobody's service.
  if (!/^\d{1,9}$/.test(text) || Number(text) <= 1)
    throw failed('no-pid', `${pidFile}: expected the number of a process`);
  if (uid !== 0 && uid !== process.geteuid?.()) {
    const owner = await userOf(text).catch((error: unknown) => {
      throw failed('signal-failed', `${signal} to ${text} (${pidFile}): ${messageOf(error)}`, error);
    });
    if (owner !== uid)
      throw failed('foreign-pid', `${pidFile} belongs to user ${uid}, and process ${text} to user ${owner}`);
  }
  try {
    process.kill(Number(text), signal as NodeJS.Signals);
  } catch (error) {
    throw failed('signal-failed', `${signal} to ${text} (${pidFile}): ${messageOf(error)}`, error);
  }
}

/** A unit's name goes to no shell, so it may hold whatever systemd allows. */
async function reloadUnit(unit: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const { execa } = await import('execa');
  // "try": one that does not run reads its files when it starts.
  const child = execa('systemctl', ['try-reload-or-restart', '--', unit], {
    env: PLAIN_ENVIRONMENT,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: timeoutMs,
    cancelSignal: signal,
  });
  const { exitCode, all, shortMessage } = await child;
  if (exitCode === 0) return;
  throw failed('systemd-failed', `systemctl try-reload-or-restart ${unit}: ${all?.trim() || shortMessage}`);
}

/**
 * Tells a service that its files are others. Rejects with a StageError `reload`, retryable: what is owed stays owed. `bird` is none of these:
 * it has a transaction of its own.
 */
export async function runReload(
  { reload, dest, reloadTimeoutMs: timeoutMs }: TemplateResource,
  signal: AbortSignal,
): Promise<void> {
  if (reload.mode === 'signal') return signalProcess(reload);
  if (reload.mode === 'systemd') return reloadUnit(reload.unit, timeoutMs, signal);
  if (reload.mode !== 'command') return;
  await runCommand(commandFor(reload.command, { src: dest, dest }), { stage: 'reload', timeoutMs, signal });
}
