import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { basename, join } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import { type Asked, askSocket, DIRECTORY, errnoOf, shortPath } from './ask-socket.ts';
import { closeServer, listen, SERVER_LIMITS, sendJson } from './http-server.ts';

/** Where a running service is asked: this name in its state directory. */
export const SOCKET = 'birdconfd.sock';

/** A directory with the owner's socket in it, under a name that no other process ever uses. */
const OWNER = 'owner';
/** What is on its way to either name begins so; the owner removes what was left by who did not get there. */
const UNDER_WAY = '.owner-';

const MAX_TRIES = 100;
/** A state directory that this process owns, until it ends or gives it up. */
export interface Claim {
  /** Leaves every question but GET /pid to `listener`; until then they are answered with 503. */
  serve(listener: RequestListener): void;
  /** Gives the directory up, once nothing writes there any more. Resolves when the sockets are gone. */
  release(): Promise<void>;
}

/**
 * Makes this process the one that uses `stateDir` (made if absent, 0700), and answers there at `birdconfd.sock` (0600). Of any
 * number that try at once one succeeds; what a killed owner left is cleared away. Rejects with a UsageError that names the pid of
 * the owner; one that does not answer within `askMs` keeps its claim, and is said to hang.
 *
 * How: a starter listens at a name of its own in a directory of its own, and renames that directory to `owner`. The kernel does so
 * only while `owner` is absent or empty, so a claim is taken by one step and lost by one: removing the socket of a process that is
 * dead, by a name that was only ever its own. A socket under one fixed name could not be taken over so: between testing that it
 * is dead and moving it away a faster starter may have put a live one there.
 */
export async function claimStateDir(stateDir: string, { askMs = 3000 } = {}): Promise<Claim> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      await clearDead(stateDir, askMs);
      const claim = await take(stateDir);
      if (claim) return claim;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--state-dir ${stateDir}: cannot be claimed: ${messageOf(error)}`, { cause: error });
  }
  throw new UsageError(`--state-dir ${stateDir}: others take it and leave it again all the time: see who starts there`);
}

/** The errors of a socket whose process ended, or gave it up, while it was asked. */
const WENT_AWAY: readonly string[] = ['ENOENT', 'ECONNRESET', 'EPIPE'];

/** Removes the socket of an owner that is dead; throws a UsageError when one lives. */
async function clearDead(stateDir: string, askMs: number): Promise<void> {
  const dir = join(stateDir, OWNER);
  for (const name of await namesIn(dir)) {
    const asked = await askSocket(dir, name, { method: 'GET', path: '/pid', timeoutMs: askMs });
    if (asked.kind === 'refused' && asked.errno === 'ECONNREFUSED') await rm(join(dir, name), { force: true });
    else if (asked.kind !== 'refused' || !WENT_AWAY.includes(asked.errno)) throw taken(stateDir, name, asked, askMs);
  }
}

/** The pid is in the name too, so that it is known of an owner that does not answer. */
function taken(stateDir: string, name: string, asked: Asked, askMs: number): UsageError {
  const [pid = '?'] = name.split('-');
  const odd = {
    answered: '',
    silent: `, but does not answer within ${askMs} ms (it may be stopped or hung)`,
    refused: `, but cannot be asked (${asked.kind === 'refused' ? asked.errno : ''})`,
  };
  const then = `end that one first (kill ${pid}), or give this one a --state-dir of its own`;
  return new UsageError(`--state-dir ${stateDir}: the birdconfd with pid ${pid} runs on it${odd[asked.kind]}: ${then}`);
}

/** One try to become the owner; null when another was faster, or cleared away what this try had put there. */
async function take(stateDir: string): Promise<Claim | null> {
  const name = `${process.pid}-${randomUUID()}`;
  const beside = join(stateDir, `${UNDER_WAY}${name}`);
  await mkdir(beside, { mode: 0o700 });
  const answering = answerPid();
  const release = async () => {
    await removeOwn(stateDir, name);
    await closeServer(answering.server);
    await rm(beside, { recursive: true, force: true });
  };
  try {
    await listenIn(beside, name, answering.server);
    await chmod(join(beside, name), 0o600);
    await rename(beside, join(stateDir, OWNER));
    await publish(stateDir, name);
    return { serve: answering.serve, release };
  } catch (error) {
    const errno = errnoOf(error);
    // Where the new owner swept meanwhile, binding fails with EACCES: that is what libuv makes of ENOENT.
    const swept = errno === 'EACCES' && !(await namesIn(stateDir)).includes(basename(beside));
    await release();
    if (swept || ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errno)) return null;
    throw error;
  }
}

async function listenIn(dir: string, name: string, server: Server): Promise<void> {
  const handle = await open(dir, DIRECTORY);
  try {
    await listen(server, { path: shortPath(handle.fd, name) });
  } finally {
    await handle.close();
  }
}

/** Puts the owner's socket at the name where it is asked, in place of a dead one, and sweeps up. Only the owner may. */
async function publish(stateDir: string, name: string): Promise<void> {
  const underWay = join(stateDir, `${UNDER_WAY}${name}`);
  await link(join(stateDir, OWNER, name), underWay);
  await rename(underWay, join(stateDir, SOCKET));
  for (const left of await namesIn(stateDir)) {
    if (left.startsWith(UNDER_WAY)) await rm(join(stateDir, left), { recursive: true, force: true });
  }
}

/** The name where it is asked first: as long as the other one is there, no new owner can have put its own in its place. */
async function removeOwn(stateDir: string, name: string): Promise<void> {
  const own = join(stateDir, OWNER, name);
  const published = join(stateDir, SOCKET);
  const [there, mine] = await Promise.all([published, own].map((path) => stat(path).catch(() => null)));
  if (mine && there?.ino === mine.ino) await rm(published, { force: true });
  await rm(own, { force: true });
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function answerPid(): { readonly server: Server; readonly serve: (listener: RequestListener) => void } {
  let rest: RequestListener = (_, response) => sendJson(response, 503, { message: 'birdconfd is starting' });
  const server = createServer(SERVER_LIMITS, (request, response) =>
    request.url === '/pid' && request.method === 'GET'
      ? sendJson(response, 200, { pid: process.pid })
      : rest(request, response),
  );
  const serve = (listener: RequestListener) => {
    rest = listener;
  };
  return { server, serve };
}
