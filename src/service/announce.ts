import { rm } from 'node:fs/promises';
import { PLAIN_ENVIRONMENT } from '../bird/run-bird.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { writeFile } from '../host/write-file.ts';
import type { Settings } from '../settings.ts';

/** Who tells systemd, and whoever looks for the ready file, where the service stands. Nothing here rejects: a failure is the event `announce-failed`. */
export interface Announcer {
  /** READY=1 and the file, once: further calls do nothing. */
  ready(): Promise<void>;
  /** STOPPING=1, and the file goes, once. READY=1 that is still on its way goes first. */
  stopping(): Promise<void>;
}

const NOTIFY_MS = 5_000;
/** Anybody may look. */
const PUBLIC = { mode: 0o644, uid: null, gid: null };

/** By systemd's own program, as Node has no datagram sockets of the unix kind. systemd hears it from another user than root only with NotifyAccess=all. */
async function notify(notifySocket: string, words: readonly string[]): Promise<void> {
  const { execa } = await import('execa');
  await execa('systemd-notify', words, {
    env: { ...PLAIN_ENVIRONMENT, NOTIFY_SOCKET: notifySocket },
    extendEnv: false,
    stdio: 'ignore',
    timeout: NOTIFY_MS,
  });
}

/** What a killed predecessor left under the name of the ready file is removed when this resolves. */
export async function openAnnouncer({ notifySocket, readyFile }: Settings, log: Log): Promise<Announcer> {
  const attempt = async (what: () => Promise<void>) => {
    try {
      await what();
    } catch (thrown) {
      log('warn', 'announce-failed', { message: messageOf(thrown) });
    }
  };
  const tell = async (words: readonly string[]) => {
    if (notifySocket !== null) await attempt(() => notify(notifySocket, words));
  };
  const removeFile = async () => {
    if (readyFile !== null) await attempt(() => rm(readyFile, { force: true }));
  };
  let done: Promise<void> = Promise.resolve();
  let isReady = false;
  let ended: Promise<void> | null = null;
  await removeFile();
  return {
    ready() {
      if (isReady) return done;
      isReady = true;
      done = (async () => {
        log('info', 'ready');
        if (readyFile !== null) await attempt(() => writeFile(readyFile, `${process.pid}\n`, PUBLIC));
        await tell(['--ready', '--status=BIRD runs what the data ask for']);
      })();
      return done;
    },
    stopping() {
      ended ??= (async () => {
        isReady = true;
        await done;
        await removeFile();
        await tell(['STOPPING=1']);
      })();
      return ended;
    },
  };
}
