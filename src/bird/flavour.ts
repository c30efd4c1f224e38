/** How one BIRD differs from the others, as far as the templates must know. A new one is an entry here and, if need be, a template folder. */
export interface Flavour {
  readonly name: 'calico' | '1.6';
  /** The folder under templates/. */
  readonly templates: string;
  /** Knows the route attribute `krt_tunnel`, so BIRD can program routes into an IPIP tunnel (Calico's fork only). */
  readonly kernelTunnel: boolean;
}

export const FLAVOURS = {
  calico: { name: 'calico', templates: 'bird1', kernelTunnel: true },
  '1.6': { name: '1.6', templates: 'bird1', kernelTunnel: false },
} as const satisfies Record<string, Flavour>;

export type FlavourName = keyof typeof FLAVOURS;

export const isFlavourName = (name: string): name is FlavourName => Object.hasOwn(FLAVOURS, name);
