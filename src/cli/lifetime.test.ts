import { afterEach, describe, expect, it, vi } from 'vitest';
import { testIo } from '../../test/support/cli.ts';
import { Interrupted, Lifetime } from './lifetime.ts';

afterEach(() => vi.useRealTimers());

const forever = (): Promise<never> => new Promise(() => undefined);

describe('Lifetime', () => {
  it('closes what is held, newest first, and each once', async () => {
    const io = testIo();
    const lifetime = new Lifetime(io);
    const closed: string[] = [];
    const result = await lifetime.run(async () => {
      lifetime.holding(async () => void closed.push('tier'));
      const close = lifetime.holding(async () => void closed.push('server'));
      await close();
      lifetime.holding(async () => void closed.push('log'));
      return 3;
    });
    expect({ result, closed }).toEqual({ result: 3, closed: ['server', 'log', 'tier'] });
    expect(io.events.eventNames()).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s with %i after closing', async (signal, exitCode) => {
    const io = testIo();
    const lifetime = new Lifetime(io);
    const close = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const running = lifetime.run(() => {
      lifetime.holding(close);
      lifetime.interruptedNote = 'nothing was lost';
      return forever();
    });
    io.events.emit(signal);
    const error: unknown = await running.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Interrupted);
    expect(error).toMatchObject({ exitCode, signal, message: 'nothing was lost' });
    expect(close).toHaveBeenCalledOnce();
    expect(io.exits).toEqual([]);
  });

  it('ends at once at a second signal, but not at an echo of the first', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const io = testIo();
    const lifetime = new Lifetime(io);
    const running = lifetime.run(() => {
      lifetime.holding(forever);
      return forever();
    });
    void running.catch(() => undefined);
    io.events.emit('SIGINT');
    io.events.emit('SIGINT');
    expect(io.exits).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(io.err()).toBe('stockroom: stopping; a second signal ends at once\n');
    io.events.emit('SIGTERM');
    expect(io.exits).toEqual([143]);
  });

  it('closes the rest when closing one fails, and says so', async () => {
    const failed = new Error('the disk is full');
    const closed = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const failing = async (io = testIo(), outcome: Promise<number> = Promise.resolve(0)) => {
      const lifetime = new Lifetime(io);
      return lifetime.run(() => {
        lifetime.holding(closed);
        lifetime.holding(() => Promise.reject(failed));
        return outcome;
      });
    };
    await expect(failing()).rejects.toBe(failed);
    expect(closed).toHaveBeenCalledTimes(1);
    const both = testIo();
    const lifetime = new Lifetime(both);
    const ended = lifetime.run(async () => {
      lifetime.holding(() => Promise.reject(new Error('the other')));
      lifetime.holding(() => Promise.reject(failed));
    });
    await expect(ended).rejects.toBe(failed);
    expect(both.err()).toBe('stockroom: while closing: the other\n');
    const io = testIo();
    const first = new Error('first');
    await expect(failing(io, Promise.reject(first))).rejects.toBe(first);
    expect(io.err()).toBe('stockroom: while closing: the disk is full\n');
    expect(closed).toHaveBeenCalledTimes(2);
  });

  it('ends with what was thrown outside of every promise', async () => {
    const io = testIo();
    const running = new Lifetime(io).run(forever);
    const error = new Error('nobody caught it');
    io.events.emit('uncaughtException', error);
    await expect(running).rejects.toBe(error);
  });

  it('leaves signals to the system once it is deaf', async () => {
    const io = testIo();
    const lifetime = new Lifetime(io);
    const running = lifetime.run(async () => {
      lifetime.deafen();
      return io.events.listenerCount('SIGINT');
    });
    expect(await running).toBe(0);
  });
});
