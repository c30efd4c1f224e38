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

/** A Log to standard error, one line an event, as text or JSON. Undefined and null fields are left out. */
export function openLog(level: LogLevel, format: 'text' | 'json'): Log {
  const destination = { write: (line: string) => process.stderr.write(format === 'json' ? line : textLine(line)) };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (at, event, fields = {}) => {
    const stated = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
    logger[at]({ event, ...Object.fromEntries(stated) });
  };
}
