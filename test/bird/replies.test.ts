import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GarbledReply, isSuccess, lastText, ReplyReader } from '../../src/bird/replies.ts';

const STATUS = [
  '1000-BIRD 1.6.8',
  '1011-Router ID is 10.0.0.1',
  ' Current server time is 2026-11-21 22:02:13',
  '+Config timeout expired, starting undo',
  ' Last reboot on 2026-11-21 22:02:12',
  '0013 Daemon is up and running',
  '',
].join('\n');

const STATUS_REPLY = {
  code: 13,
  lines: [
    { code: 1000, text: 'BIRD 1.6.8' },
    { code: 1011, text: 'Router ID is 10.0.0.1' },
    { code: 1011, text: 'Current server time is 2026-11-21 22:02:13' },
    { code: 1011, text: 'Last reboot on 2026-11-21 22:02:12' },
    { code: 13, text: 'Daemon is up and running' },
  ],
};

describe('ReplyReader', () => {
  it('reads codes, continuations and the last line, and leaves out what is said to nobody', () => {
    expect(new ReplyReader().push(STATUS)).toEqual([STATUS_REPLY]);
  });

  it('gives the same replies wherever the stream is cut', () => {
    const text = `0001 BIRD 1.6.8 ready.\n${STATUS}0000 \n`;
    const whole = new ReplyReader().push(text);
    expect(whole.map((reply) => reply.code)).toEqual([1, 13, 0]);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const reader = new ReplyReader();
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const parts = edges.slice(1).map((end, i) => text.slice(edges[i], end));
        expect(parts.flatMap((part) => reader.push(part))).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the text after the code as it is, also an empty one', () => {
    const [reply] = new ReplyReader().push('1006-  Preference:\t240\n \n0000 \n');
    expect(reply?.lines.map((line) => line.text)).toEqual(['  Preference:\t240', '', '']);
  });

  it('reads nothing out of a stream of asides', () => {
    expect(new ReplyReader().push('+one\n+two\n')).toEqual([]);
  });

  it.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\n'],
    ['an empty line', '\n'],
    ['a code of three digits', '013 up\n'],
    ['a code without a space', '0013\n'],
    ['a continuation of nothing', ' text\n0000 \n'],
    ['a continuation right after the last line', '0000 \n text\n'],
  ])('refuses %s', (_, text) => {
    expect(() => new ReplyReader().push(text)).toThrow(GarbledReply);
  });

  it('takes lines far longer than BIRD 1.6 sends, but not endless ones', () => {
    const reader = new ReplyReader();
    expect(reader.push(`0000 ${'x'.repeat(60_000)}\n`)[0]?.lines[0]?.text).toHaveLength(60_000);
    reader.push('y'.repeat(40_000));
    expect(() => reader.push('y'.repeat(40_000))).toThrow(GarbledReply);
  });
});

describe('the meaning of a code', () => {
  const reply = (text: string) => new ReplyReader().push(text)[0] ?? expect.fail('no reply');

  it('is success up to 7999, also for codes that nobody has written down', () => {
    expect(isSuccess(reply('0004 Reconfiguration in progress\n'))).toBe(true);
    expect(isSuccess(reply('1028-new in BIRD 3\n0000 \n'))).toBe(true);
    expect(isSuccess(reply('8002 bird.conf:2:24 syntax error\n'))).toBe(false);
    expect(isSuccess(reply('9001 syntax error\n'))).toBe(false);
  });

  it('is decided by the last line', () => {
    const refused = reply('0002-Reading configuration from /a\n8002 /a: No such file or directory\n');
    expect(isSuccess(refused)).toBe(false);
    expect(lastText(refused)).toBe('/a: No such file or directory');
  });
});
