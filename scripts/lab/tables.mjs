// What BIRD prints in columns, as objects. Pure.

/** The rows of `show protocols`. */
export function parseProtocols(lines) {
  const rows = lines.map((line) => /^(\S+) +(\S+) +(\S+) +(up|down|start|stop|flush) +(\S+) *(.*)$/.exec(line));
  return rows
    .filter((row) => row !== null)
    .map(([, name, proto, , state, since, info]) => ({ name, proto, state, since, info: info.trim() }));
}

/** The routes of `show route`: a further route to a prefix stands below it, without the prefix. */
export function parseRoutes(lines) {
  const routes = [];
  let prefix = '';
  for (const line of lines) {
    const row = /^(\S*) +(.+?) \[(\S+) /.exec(line);
    if (!row) continue;
    prefix = row[1] || prefix;
    routes.push({ prefix, via: row[2], protocol: row[3] });
  }
  return routes;
}

const DAY = 86_400;

/** Whether two times of day are at most a second apart, also over midnight; other texts only if they are equal. */
export function isSameTime(a, b) {
  const [x, y] = [a, b].map((text) => {
    const clock = /^(\d\d):(\d\d):(\d\d)$/.exec(text);
    return clock ? Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) : Number.NaN;
  });
  return a === b || Math.abs(x - y) <= 1 || Math.abs(x - y) === DAY - 1;
}
