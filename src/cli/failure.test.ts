import { describe, expect, it } from 'vitest';
import { testIo } from '../../test/support/cli.ts';
import { StockroomError } from '../core/errors.ts';
import { reportFailure } from './failure.ts';
import { colorsOf } from './io.ts';
import { Interrupted } from './lifetime.ts';

const report = (error: unknown, io = testIo(), about = {}) => {
  const exit = reportFailure(io, error, {
    called: 'migrate run',
    json: false,
    directory: undefined,
    ...about,
  });
  return { exit, err: io.err(), out: io.out() };
};

describe('reportFailure', () => {
  it('is one line with the code, whatever the message holds', () => {
    const error = new StockroomError('DATABASE_UNREACHABLE', 'no\nanswer \u001B[31m from there\r\n');
    expect(report(error)).toEqual({
      exit: 1,
      err: 'stockroom: DATABASE_UNREACHABLE: no answer \\u{1b}[31m from there\n',
      out: '',
    });
  });

  it('takes the exit code of the error', () => {
    expect(report(new StockroomError('SOURCE_UNKNOWN', 'x')).exit).toBe(2);
    expect(report(new StockroomError('SOURCE_LOCKED', 'x')).exit).toBe(3);
    expect(report(new Interrupted('SIGTERM', 'x')).exit).toBe(143);
  });

  it('shows where an unforeseen error comes from only when asked', () => {
    const error = new TypeError('x is not a function');
    expect(report(error)).toEqual({
      exit: 1,
      err: 'stockroom: INTERNAL: x is not a function; LOG_LEVEL=debug shows where\n',
      out: '',
    });
    expect(report(error, testIo({ LOG_LEVEL: 'debug' })).err).toContain('failure.test.ts');
    expect(report('just text').err).toContain('INTERNAL: just text');
  });

  it('is a document on stdout as well where one was asked for', () => {
    const { out } = report(new StockroomError('RUN_IN_PROGRESS', 'wait'), testIo(), {
      json: true,
      directory: '/old',
    });
    expect(JSON.parse(out)).toEqual({
      ok: false,
      exit: 1,
      directory: '/old',
      elapsed_ms: 0,
      sources: [],
      unreadable: [],
      unclaimed: [],
      warnings: [],
      error: { code: 'RUN_IN_PROGRESS', message: 'wait' },
    });
    const state = report(new StockroomError('NO_RUN', 'none'), testIo(), {
      json: true,
      called: 'migrate status',
    });
    expect(JSON.parse(state.out)).toEqual({ ok: false, exit: 1, error: { code: 'NO_RUN', message: 'none' } });
  });
});

describe('colours', () => {
  const painted = (env: Record<string, string>, terminal: boolean) => {
    const io = testIo(env, terminal);
    return colorsOf(io.stderr, env).red('x') !== 'x';
  };

  it('are for terminals, and can be declined', () => {
    expect(painted({}, true)).toBe(true);
    expect(painted({}, false)).toBe(false);
    expect(painted({ NO_COLOR: '' }, true)).toBe(true);
    expect(painted({ NO_COLOR: '1' }, true)).toBe(false);
    expect(painted({ TERM: 'dumb' }, true)).toBe(false);
  });
});
