import { describe, expect, it } from 'vitest';
import { APPROVABLE, HOLD_KINDS } from '../../src/core/hold-kinds.ts';
import { approval, letThrough } from '../../src/datamodel/approval.ts';
import { type Fault, INVALID } from '../../src/datamodel/field.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');

function readApproval(text: string, now: number) {
  const faults: Fault[] = [];
  const value = approval.decode(text, faults);
  return { kinds: value === INVALID ? [] : letThrough(value, now), fault: faults[0]?.message ?? null };
}

describe('an approval by annotation', () => {
  it('lets nothing through where there is none', () => {
    expect(letThrough(null, NOON)).toEqual([]);
  });

  it.each([
    ['takeover', ['takeover']],
    ['many-gone,no-peers', ['no-peers', 'many-gone']],
    [' release-changed ,\ttakeover ', ['takeover', 'release-changed']],
  ])('reads the kinds in %j', (text, kinds) => {
    expect(readApproval(text, NOON)).toEqual({ kinds, fault: null });
  });

  it.each([
    '2026-11-22T12:00:01Z',
    '2026-11-22T12:01Z',
    '2026-11-22T12:00:00.500Z',
    '2026-11-22T14:01+02:00',
    '2026-11-22T11:30-01:00',
  ])('lets everything that can be approved through before %s', (text) => {
    expect(readApproval(text, NOON)).toEqual({ kinds: APPROVABLE, fault: null });
  });

  it.each(['2026-11-22T12:00:00Z', '2026-11-22T13:59:59+02:00', '1970-01-01T00:00Z'])(
    'lets nothing through from %s on',
    (text) => {
      expect(readApproval(text, NOON)).toEqual({ kinds: [], fault: null });
    },
  );

  it.each([
    '',
    'yes',
    'takeover,',
    'takeover many-gone',
    'Takeover',
    'rollback',
    'refused',
    'foreign-writer',
    '2026-11-22',
    '2026-11-22T12:00:00',
    '2026-11-22 13:00:00Z',
    '+2026-11-22T13:00:00Z',
    '2026-11-22T13:00:00Z (UTC)',
    '2026-02-30T12:61:00Z',
    'takeover,2027-01-01T00:00:00Z',
  ])('expects something else than %j', (text) => {
    const { kinds, fault } = readApproval(text, NOON);
    expect(kinds).toEqual([]);
    expect(fault).toMatch(/^expected takeover, no-peers, .*release-changed, or a time such as /);
  });

  it('has the kinds that end by resume, or by themselves, at the end of all', () => {
    expect(HOLD_KINDS.filter((kind) => !APPROVABLE.includes(kind))).toEqual(['foreign-writer', 'rollback', 'refused']);
  });
});
