import type { IncomingMessage, RequestListener } from 'node:http';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { parseTime } from '../core/time-span.ts';
import { PROMETHEUS_TEXT, sendJson, sendText } from './http-server.ts';
import type { OperationResult, Operations } from './operations.ts';

/** A whole answer; text or JSON by the type of `body`. */
interface Answer {
  readonly status: number;
  readonly body: string | object;
  /** Of a text; plain without. */
  readonly type?: string;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly answer: (request: IncomingMessage) => Answer | Promise<Answer>;
}

/** Path → what it does. */
export type Routes = Readonly<Record<string, Route>>;

const MAX_BODY = 4096;
const HOUR_MS = 3_600_000;

/** A question that is refused: its status and why. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** /livez, /readyz (200 or 503, a reason a line; `?target=bird` for one), /status (a ServiceReport), /metrics: for whoever may look but not touch. */
export const readOnlyRoutes = (operations: Operations): Routes => ({
  '/livez': { method: 'GET', answer: () => ({ status: 200, body: 'alive\n' }) },
  '/readyz': {
    method: 'GET',
    answer: async ({ url }) => {
      const targets = new URLSearchParams(url?.split('?')[1]).getAll('target');
      const { ready, why } = await operations.readiness(targets.length > 0 ? targets : null);
      return { status: ready ? 200 : 503, body: `${[ready ? 'ready' : 'not ready', ...why].join('\n')}\n` };
    },
  },
  '/status': { method: 'GET', answer: async () => ({ status: 200, body: await operations.status() }) },
  ...(operations.metrics && {
    '/metrics': {
      method: 'GET',
      answer: async () => ({ status: 200, body: (await operations.metrics?.()) ?? '', type: PROMETHEUS_TEXT }),
    },
  }),
});

/** Those of `readOnlyRoutes`, GET /log, and POST /approve, /resume, /reload, /rollback: for the socket that only the owner's user may open. */
export const controlRoutes = (operations: Operations): Routes => ({
  ...readOnlyRoutes(operations),
  ...(operations.log && {
    '/log': { method: 'GET', answer: () => ({ status: 200, body: operations.log?.().join('') ?? '' }) },
  }),
  '/approve': doing(({ targets }) => operations.approve(targets)),
  '/resume': doing(({ targets }) => operations.resume(targets)),
  '/reload': doing(({ targets }) => operations.reload(targets)),
  '/rollback': doing(({ targets, back, forMs }) => operations.rollback(back, forMs, targets)),
});

/** What an operation is asked with. */
interface Wanted {
  readonly targets: readonly string[] | null;
  readonly back: number;
  readonly forMs: number;
}

/** 200 with the OperationResult when it is ok, 409 with it when it is not. */
const doing = (operation: (wanted: Wanted) => Promise<OperationResult>): Route => ({
  method: 'POST',
  answer: async (request) => {
    const result = await operation(await readWanted(request));
    return { status: result.ok ? 200 : 409, body: result };
  },
});

/** From the query (`target=bird&back=2&for=30m`), or from a JSON object of the same names, in which `target` may be a list. */
async function readWanted(request: IncomingMessage): Promise<Wanted> {
  const body = await readBody(request);
  const query = new URLSearchParams(request.url?.split('?')[1]);
  const given = new Map([...query.keys()].map((name) => [name, query.getAll(name)]));
  for (const [name, value] of Object.entries(body)) given.set(name, [value].flat().map(String));
  const odd = [...given.keys()].find((name) => !['target', 'back', 'for'].includes(name));
  if (odd !== undefined) throw new Refusal(400, `expected target, back and for, found ${JSON.stringify(odd)}`);
  const back = given.get('back')?.at(-1) ?? '1';
  if (!/^[1-9]\d{0,5}$/.test(back)) throw new Refusal(400, `back: expected a number from 1 on, found "${back}"`);
  const time = given.get('for')?.at(-1);
  const forMs = time === undefined ? HOUR_MS : parseTime(time);
  if (forMs === null || forMs <= 0) throw new Refusal(400, `for: expected a time such as 1h or 30m, found "${time}"`);
  return { targets: given.get('target') ?? null, back: Number(back), forMs };
}

async function readBody(request: IncomingMessage): Promise<object> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY) throw new Refusal(413, `a body has at most ${MAX_BODY} characters here`);
  }
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // told below, with what is no object
  }
  throw new Refusal(400, 'expected a JSON object');
}

/** Answers by `routes`, anything else with 404 or 405; what an operation refuses is 400, what breaks is 500 and logged. */
export function serveRoutes(routes: Routes, log: Log): RequestListener {
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const path = request.url?.split('?')[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) throw new Refusal(404, `nothing is at ${path}; there are ${Object.keys(routes).join(' ')}`);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (method !== route.method) throw new Refusal(405, `${path} takes ${route.method}`);
    return route.answer(request);
  };
  return async (request, response) => {
    try {
      const { status, body, type } = await answer(request);
      if (typeof body === 'string') sendText(response, status, body, type);
      else sendJson(response, status, body);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : error instanceof UsageError ? 400 : 500;
      if (status === 500) log('error', 'question-failed', { url: request.url, message: messageOf(error) });
      if (status === 413) response.setHeader('connection', 'close');
      sendJson(response, status, { message: messageOf(error) });
    }
  };
}
