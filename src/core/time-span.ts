const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90`, `90s`, `5m`, `250ms`, `1h` → milliseconds; a bare number is seconds. Null for anything else. */
export function parseTime(text: string): number | null {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  return number === undefined ? null : Math.round(Number(number) * (UNITS[unit] ?? 0));
}
