import { boolean, type Field, type FieldType, list, mapOf, optional, record, text } from './field.ts';

const word = text('a string', (value) => value);
const words = optional(list(word), [] as readonly string[]);
const orNull = <T>(field: Field<T>) => optional(field, null);

/** What the rules of spec calico-v3, 6.2 read of a Kubernetes Service. */
const serviceSpec = record(
  {
    type: orNull(word),
    clusterIP: orNull(word),
    clusterIPs: words,
    externalIPs: words,
    externalTrafficPolicy: orNull(word),
    loadBalancerIP: orNull(word),
    ipFamilies: words,
  },
  ['*'],
);
const ingress = optional(list(record({ ip: orNull(word) }, ['*'])), []);
const serviceStatus = record({ loadBalancer: orNull(record({ ingress }, ['*'])) }, ['*']);

export const serviceFields = record({ spec: serviceSpec, status: optional(serviceStatus, { loadBalancer: null }) }, [
  '*',
]);

export type Service = FieldType<typeof serviceSpec> & { readonly key: string; readonly ingressIps: readonly string[] };

export const toService = (key: string, { spec, status }: FieldType<typeof serviceFields>): Service => ({
  ...spec,
  key,
  ingressIps: (status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : [])),
});

const conditions = record({ ready: orNull(boolean) }, ['*']);
const endpoint = record({ nodeName: orNull(word), conditions: orNull(conditions) }, ['*']);

export const endpointSliceFields = record(
  {
    metadata: record({ labels: optional(mapOf(word), new Map<string, string>()) }, ['*']),
    addressType: orNull(word),
    endpoints: optional(list(endpoint), []),
  },
  ['*'],
);

/** Some of a service's endpoints, in one address family. */
export interface EndpointSlice {
  readonly key: string;
  /** The name of the service in the same namespace. */
  readonly service: string | null;
  readonly addressType: string | null;
  /** The nodes of the endpoints that are ready; null = an endpoint of no node. */
  readonly readyOn: readonly (string | null)[];
}

export const toEndpointSlice = (key: string, given: FieldType<typeof endpointSliceFields>): EndpointSlice => ({
  key,
  service: given.metadata.labels.get('kubernetes.io/service-name') ?? null,
  addressType: given.addressType,
  readyOn: given.endpoints.filter(({ conditions }) => conditions?.ready !== false).map(({ nodeName }) => nodeName),
});
