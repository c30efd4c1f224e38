/** Session options of those who, when they fall, try again at once. */
export const QUICK = 'connect delay time 1; connect retry time 1; error wait time 1, 1;';

export interface QuickNeighbor {
  readonly address: string;
  readonly asNumber: number;
  /** Whom it speaks to, in AS 64512. */
  readonly node: string;
  /** What it tells; null = nothing. */
  readonly route: string | null;
  /** It asks for its routes to be kept when it falls, as Calico's nodes do. */
  readonly gracefulRestart?: boolean;
}

/** The configuration of a router that peers with one node over its eth0, and keeps what it learns in its kernel. */
export const quickNeighbor = ({
  address,
  asNumber,
  node,
  route,
  gracefulRestart,
}: QuickNeighbor): string => `router id ${address};
protocol device { }
protocol direct { interface "eth0"; }
protocol kernel { export where proto = "node"; }
protocol static own { ${route === null ? '' : `route ${route} blackhole;`} }
protocol bgp node {
  debug { states };
  local as ${asNumber}; source address ${address}; neighbor ${node} as 64512; multihop; ${QUICK}
  graceful restart ${gracefulRestart ? 'on' : 'off'}; import all; export where proto = "own";
}
`;
