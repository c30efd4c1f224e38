import pino from 'pino';
import type { Log, LogLevel } from './core/log.ts';

/** What a text line leaves out: it stands in the line's head, or says nothing on a single machine. */
const HEAD = new Set(['level', 'time', 'event']);

const quoteIfNeeded = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
};

/** `2026-11-21T10:00:00.000Z info pass target=bird outcome=confirmed`. */
function textLine(json: string): string {
  const record = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const fields = Object.entries(record).filter(([name]) => !HEAD.has(name));
  const rest = fields.map(([name, value]) => ` ${name}=${quoteIfNeeded(value)}`).join('');
  return `${record.time} ${record.level} ${record.event}${rest}\n`;
}

/** A log, and what it said last. */
export interface OpenedLog {
  readonly log: Log;
  /** Whole lines, the newest last, at most 1000. */
  readonly recent: () => readonly string[];
}

const MAX_RECENT = 1000;

/** A Log to standard error, one line an event, as text or JSON. Undefined and null fields are left out. */
export function openLog(level: LogLevel, format: 'text' | 'json'): OpenedLog {
  const recent: string[] = [];
  const write = (json: string) => {
    const line = format === 'json' ? json : textLine(json);
    process.stderr.write(line);
    // Twice as many at times, so that not every line moves all others.
    if (recent.push(line) >= 2 * MAX_RECENT) recent.splice(0, MAX_RECENT);
  };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const log: Log = (at, event, fields = {}) => {
    const stated = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
    logger[at]({ event, ...Object.fromEntries(stated) });
  };
  return { log, recent: () => recent.slice(-MAX_RECENT) };
}
