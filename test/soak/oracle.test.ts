import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Journal, moneyOf, Register, Sum } from './oracle.ts';

const span = (startedAt: number, endedAt = startedAt) => ({ startedAt, endedAt });

describe('a register', () => {
  /** Versions 1 and 2 acknowledged at 20 and 40, version 3 on its way since 50. */
  function written(): Register {
    const register = new Register('R');
    for (const at of [10, 30]) register.acknowledge(register.send(at), at + 10);
    register.send(50);
    return register;
  }

  it('takes what is there, and what is on its way', () => {
    for (const version of [2, 3]) expect(written().check(version, span(60), 0)).toEqual({ staleMs: 0 });
  });

  it('takes an older version while its successor is not acknowledged when it is asked for', () => {
    expect(written().check(1, span(39, 100), 0)).toEqual({ staleMs: 0 });
    expect(written().check(0, span(15, 100), 0)).toEqual({ staleMs: 0 });
  });

  it('finds a lost write', () => {
    expect(written().check(1, span(60), 0).wrong).toMatch(/version 1 was given 20 ms after version 2/);
    expect(written().check(0, span(60), 0).wrong).toMatch(/nothing was given 40 ms after version 1/);
  });

  it('measures how old an answer is, and allows what is promised', () => {
    expect(written().check(1, span(60), 20)).toEqual({ staleMs: 20 });
    expect(written().check(1, span(61), 20).wrong).toBeDefined();
  });

  it('finds what nobody had written when it was read', () => {
    expect(written().check(3, span(40, 45), 1_000).wrong).toMatch(/was not sent/);
    expect(written().check(4, span(60), 1_000).wrong).toMatch(/was not sent/);
  });

  it('goes by the next version that was acknowledged', () => {
    const register = new Register('R');
    for (const at of [10, 20, 30]) register.send(at);
    register.acknowledge(1, 15);
    register.acknowledge(3, 40);
    expect(register.check(1, span(35), 0)).toEqual({ staleMs: 0 });
    expect(register.check(1, span(50), 0).wrong).toMatch(/10 ms after version 3/);
    expect(register).toMatchObject({ sent: 3, acknowledged: 3 });
  });

  /** A store that does what it should: a read gives what stood there at some moment between its start and its end. */
  it('blames no store that is right, and each that forgets an acknowledged write', () => {
    const steps = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: 9 }), takes: fc.integer({ min: 2, max: 20 }) }),
      {
        minLength: 1,
      },
    );
    const moments = fc.record({ at: fc.nat(1_000), effect: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(steps, fc.array(moments, { minLength: 1 }), (writes, reads) => {
        const register = new Register('R');
        const effects: number[] = [];
        let now = 0;
        for (const { gap, takes } of writes) {
          now += gap;
          const version = register.send(now);
          effects.push(now + takes / 2);
          now += takes;
          register.acknowledge(version, now);
        }
        for (const { at, effect } of reads) {
          const [startedAt, endedAt] = [at, at + 30];
          const stoodAt = (time: number): number => effects.filter((one) => one <= time).length;
          const right = stoodAt(startedAt + effect * 30);
          expect(register.check(right, span(startedAt, endedAt), 0)).toEqual({ staleMs: 0 });
        }
        const last = register.acknowledged;
        expect(register.check(last - 1, span(now + 1), 0).wrong).toBeDefined();
        expect(register.check(last + 1, span(now + 1), 0).wrong).toBeDefined();
      }),
    );
  });
});

describe('a sum', () => {
  const total = (cost: string, count: number) => ({ cost: moneyOf(cost), count });

  it('reads money to the last digit', () => {
    expect(moneyOf('1')).toBe(10n ** 18n);
    expect(moneyOf('0.000000000000000001')).toBe(1n);
    expect(moneyOf('12.5')).toBe(125n * 10n ** 17n);
  });

  it('takes what lies between the acknowledged and the sent, both included', () => {
    const sum = new Sum('S');
    sum.send(total('0.1', 1));
    sum.acknowledge(total('0.1', 1));
    sum.send(total('0.2', 1));
    const floor = sum.acknowledged;
    for (const [cost, count] of [
      ['0.1', 1],
      ['0.3', 2],
    ] as const) {
      expect(sum.check(total(cost, count), floor)).toEqual({ staleMs: 0 });
    }
  });

  it('finds a digit that is missing, and one that is too much', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 10n ** 18n }), { minLength: 1 }), (costs) => {
        const sum = new Sum('S');
        for (const cost of costs) {
          sum.send({ cost, count: 1 });
          sum.acknowledge({ cost, count: 1 });
        }
        const all = sum.acknowledged;
        expect(sum.check(all, all)).toEqual({ staleMs: 0 });
        expect(sum.check({ ...all, cost: all.cost - 1n }, all).wrong).toMatch(/acknowledged/);
        expect(sum.check({ ...all, cost: all.cost + 1n }, all).wrong).toMatch(/ever sent/);
        expect(sum.check({ ...all, count: all.count - 1 }, all).wrong).toMatch(/acknowledged/);
        expect(sum.check({ ...all, count: all.count + 1 }, all).wrong).toMatch(/ever sent/);
      }),
    );
  });
});

describe('a journal', () => {
  /** `a` and `b` acknowledged at 20 and 40, `c` on its way since 50. */
  function written(): Journal<{ list: string }> {
    const journal = new Journal<{ list: string }>('J');
    for (const [id, at] of [
      ['a', 10],
      ['b', 30],
    ] as const) {
      journal.send(id, { list: 'one' }, at);
      journal.acknowledge(id, at + 10);
    }
    journal.send('c', { list: 'one' }, 50);
    return journal;
  }
  const inOne = ({ list }: { list: string }) => list === 'one';

  it('takes lists with what is on its way and without', () => {
    for (const ids of [
      ['b', 'a'],
      ['c', 'b', 'a'],
    ]) {
      expect(written().checkList(ids, span(60), inOne)).toEqual({ staleMs: 0 });
    }
    expect(written().checkList(['a'], span(35, 60), inOne)).toEqual({ staleMs: 0 });
    expect(written().checkList(['b'], span(60), inOne, 30)).toEqual({ staleMs: 0 });
  });

  it('finds a gap, what stands twice, and what does not belong there', () => {
    expect(written().checkList(['c', 'b'], span(60), inOne).wrong).toMatch(/lacks a/);
    expect(written().checkList(['b', 'a', 'b'], span(60), inOne).wrong).toMatch(/has b twice/);
    expect(written().checkList(['d', 'b', 'a'], span(60), inOne).wrong).toMatch(/d, which was not sent/);
    expect(written().checkList(['c', 'b', 'a'], span(41, 45), inOne).wrong).toMatch(/c, which was not sent/);
    expect(written().checkList(['a'], span(60), () => false).wrong).toMatch(/does not belong/);
  });

  it('finds what is lost and what is not what was written', () => {
    expect(written().check('a', 'same', span(60))).toEqual({ staleMs: 0 });
    expect(written().check('a', 'absent', span(60)).wrong).toMatch(/a is lost, 40 ms later/);
    expect(written().check('a', 'other', span(60)).wrong).toMatch(/not what was written/);
    for (const [id, at] of [
      ['b', 35],
      ['c', 60],
    ] as const) {
      expect(written().check(id, 'absent', span(at))).toEqual({ staleMs: 0 });
    }
  });

  it('takes no id twice', () => {
    expect(() => written().send('a', { list: 'one' }, 60)).toThrow(/a second time/);
  });
});
