export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where events go: `event` is a stable name, `fields` carry what it is about (never a secret's value). */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;
