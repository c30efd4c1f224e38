import type { ValidateFunction } from 'ajv';
import { FLAVOURS, type FlavourName } from '../bird/flavour.ts';
import { UsageError } from '../core/errors.ts';
import type { Layout } from '../render/view.ts';

/** `kind: Case` as it stands in an in.yaml; what it leaves out has a default (fixtures/README.md). */
export interface CaseHeader {
  readonly nodes?: readonly string[] | 'all';
  readonly birds?: readonly FlavourName[];
  readonly layouts?: readonly Layout[];
  readonly env?: Readonly<Record<string, string>>;
  readonly release?: string;
  readonly releases?: readonly string[];
  /** Another case's folder, relative to this one's, whose header and in.yaml this one starts from. */
  readonly extends?: string;
  readonly converge?: boolean;
  readonly expect?: { readonly exit: number };
}

const texts = { type: 'array', items: { type: 'string' }, minItems: 1 };
const release = { type: 'string', pattern: '^(auto|3\\.\\d+)$' };

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { const: 'Case' },
    nodes: { anyOf: [texts, { const: 'all' }] },
    birds: { ...texts, items: { enum: Object.keys(FLAVOURS) } },
    layouts: { ...texts, items: { enum: ['single', 'calico'] } },
    env: { type: 'object', additionalProperties: { type: 'string' } },
    release,
    releases: { ...texts, items: release },
    extends: { type: 'string' },
    converge: { type: 'boolean' },
    expect: {
      type: 'object',
      additionalProperties: false,
      required: ['exit'],
      properties: { exit: { enum: [0, 3] } },
    },
  },
};

let compiled: Promise<ValidateFunction<CaseHeader>> | null = null;

async function compile(): Promise<ValidateFunction<CaseHeader>> {
  const { Ajv } = await import('ajv');
  return new Ajv({ allErrors: true }).compile<CaseHeader>(SCHEMA);
}

/** The header of a case. Rejects with a UsageError, which begins with `where`, for a field that is unknown or has no such value. */
export async function checkedHeader(value: unknown, where: string): Promise<CaseHeader> {
  compiled ??= compile();
  const validate = await compiled;
  if (validate(value)) return value;
  const faults = (validate.errors ?? []).map(({ instancePath, message }) => `Case${instancePath} ${message}`);
  throw new UsageError(`${where}: ${faults.join(', ')}`);
}
