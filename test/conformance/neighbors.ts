import { readConfiguration } from '../../src/bird/protocols.ts';

/** A BGP session of a configuration, as its node sees it. */
export interface Session {
  readonly name: string;
  readonly family: 4 | 6;
  readonly node: { readonly address: string; readonly port: number; readonly asNumber: string };
  readonly neighbor: { readonly address: string; readonly port: number; readonly asNumber: string };
  readonly password: string | null;
}

/** The sessions of a configuration whose includes stand in their place. One that names no source address starts from `fallback`. */
export function sessionsOf(text: string, family: 4 | 6, fallback: string): readonly Session[] {
  const { protocols, listen } = readConfiguration(text);
  const listened = /\baddress (\S+?)[ ;]/.exec(listen)?.[1];
  return [...protocols.values()]
    .filter(({ type }) => type === 'bgp')
    .map(({ name, options }) => {
      const told = (pattern: RegExp) => options.map((option) => pattern.exec(option)?.[1]).find((value) => value);
      const port = told(/^neighbor \S+ port (\d+)/);
      return {
        name,
        family,
        node: {
          address: told(/^source address (\S+);/) ?? listened ?? fallback,
          port: Number(/\bport (\d+)/.exec(listen)?.[1] ?? 179),
          asNumber: told(/^local as (\d+);/) ?? '',
        },
        neighbor: {
          address: told(/^neighbor (\S+)/) ?? '',
          port: Number(port ?? 179),
          asNumber: told(/^neighbor .* as (\d+);/) ?? '',
        },
        password: told(/^password "(.*)";$/) ?? null,
      };
    });
}

/** The range that the neighbor `n` (1, 2, …) of a family announces. */
export const announcedBy = (family: 4 | 6, n: number): string =>
  family === 4 ? `198.18.${n}.0/24` : `2001:db8:18:${n}::/64`;

export interface NeighborOptions {
  readonly n: number;
  /** Waits for the node: where two neighbors share an address, a node cannot tell which of them calls. */
  readonly isPassive: boolean;
  /** Of those that share an address, one keeps what it learns in the kernel. */
  readonly hasKernel: boolean;
}

/** What the other end of `session` runs. Without graceful restart: what the node takes back is gone at once. */
export const neighborConfig = (
  { family, node, neighbor, password }: Session,
  { n, isPassive, hasKernel }: NeighborOptions,
): string => `router id 192.0.2.${n};
listen bgp address ${neighbor.address} port ${neighbor.port};
protocol device { }
protocol static reach { route ${node.address}/${family === 4 ? 32 : 128} via "eth0"; }
protocol static own { route ${announcedBy(family, n)} blackhole; }
${hasKernel ? 'protocol kernel { export where proto = "node"; }' : ''}
protocol bgp node {
  debug { states, packets };
  local as ${neighbor.asNumber}; source address ${neighbor.address}; multihop; gateway recursive;
  neighbor ${node.address} port ${node.port} as ${node.asNumber};
  connect delay time 1; connect retry time 1; error wait time 1, 1;
  ${password === null ? '' : `password "${password}";`} ${isPassive ? 'passive on;' : ''}
  import all; export where proto = "own";
}
`;
