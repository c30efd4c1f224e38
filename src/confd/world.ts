import { promises as dns } from 'node:dns';
import { stat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Moment } from './functions/go-time.ts';
import type { Answer, Question } from './functions/outside-functions.ts';

/** The part of node's resolver that is used here. */
export interface Resolver {
  lookup(host: string, options: { readonly all: true }): Promise<readonly { readonly address: string }[]>;
  resolveSrv(
    name: string,
  ): Promise<
    readonly { readonly name: string; readonly port: number; readonly priority: number; readonly weight: number }[]
  >;
}

/** A resolver that is silent must not hold a pass for longer. */
const LOOK_UP_MS = 5_000;

/** The moment that it is, with the zone of this machine. */
export function momentNow(clock: Clock): Moment {
  const ms = clock.now();
  const at = new Date(ms);
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(at);
  const zone = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
  return { ms, offsetMinutes: -at.getTimezoneOffset(), zone };
}

/** Finds one answer out; what cannot be found out in time is nothing found. Never rejects. */
export async function answerOf(question: Question, clock: Clock, resolver: Resolver = dns): Promise<Answer> {
  const over = new AbortController();
  const late = clock.sleep(LOOK_UP_MS, over.signal).then((): Answer => (question.kind === 'file' ? false : []));
  const found = find(question, resolver).catch((): Answer => (question.kind === 'file' ? false : []));
  const answer = await Promise.race([found, late]);
  over.abort();
  return answer;
}

async function find(question: Question, resolver: Resolver): Promise<Answer> {
  switch (question.kind) {
    case 'addresses':
      return (await resolver.lookup(question.host, { all: true })).map(({ address }) => address);
    case 'services': {
      const records = await resolver.resolveSrv(question.name);
      return records.map(({ name, port, priority, weight }) => {
        // Go keeps the dot that ends a full name, node drops it.
        return { Target: name.replace(/\.?$/, '.'), Port: port, Priority: priority, Weight: weight };
      });
    }
    case 'file':
      await stat(question.path);
      return true;
  }
}
