import { describe, expect, it } from 'vitest';
import { Dirty } from '../../src/core/dirty.ts';

const never = new AbortController().signal;

describe('Dirty', () => {
  it('makes one wake-up of any number of raises', () => {
    const dirty = new Dirty();
    expect([dirty.raised, dirty.take()]).toEqual([false, false]);
    dirty.raise();
    dirty.raise();
    expect(dirty.raised).toBe(true);
    expect([dirty.take(), dirty.take(), dirty.raised]).toEqual([true, false, false]);
  });

  it('waits for the next raise although the slot is raised, where that is asked for', async () => {
    const dirty = new Dirty();
    dirty.raise();
    const order: string[] = [];
    const next = dirty.next(never).then(() => order.push('next'));
    await dirty.wait(never).then(() => order.push('wait'));
    dirty.raise();
    await next;
    expect(order).toEqual(['wait', 'next']);
  });

  it('wakes all who wait, and does not clear the slot', async () => {
    const dirty = new Dirty();
    const woken: string[] = [];
    const waits = ['a', 'b'].map((name) => dirty.wait(never).then(() => woken.push(name)));
    expect(woken).toEqual([]);
    dirty.raise();
    await Promise.all(waits);
    expect(woken).toEqual(['a', 'b']);
    expect(dirty.raised).toBe(true);
    await dirty.wait(never);
  });

  it('waits no longer once it is aborted', async () => {
    const dirty = new Dirty();
    const stop = new AbortController();
    const waiting = dirty.wait(stop.signal);
    stop.abort();
    await waiting;
    await dirty.wait(stop.signal);
    expect(dirty.raised).toBe(false);
  });
});
