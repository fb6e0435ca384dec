import { ErrorReply } from 'redis';
import { describe, expect, it } from 'vitest';
import { unavailable, unconnected } from './replies.ts';

const told = (error: unknown): string => unavailable('here:1', unconnected(error, 'REDIS_HOST')).message;

describe('why there is no connection', () => {
  it('is told of each address of a name, with the way out', () => {
    const refused = new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]);
    expect(told(refused)).toBe(
      'Redis at here:1 cannot be used: refused ::1; refused 127.0.0.1. Start the server, or correct REDIS_HOST.',
    );
  });

  it('is told as Redis has it, with a way out where a person has one', () => {
    expect(told(new ErrorReply('WRONGPASS invalid password.'))).toBe(
      'Redis at here:1 cannot be used: WRONGPASS invalid password. ' +
        'Correct the user and the password: in REDIS_URL, or REDIS_USERNAME and REDIS_PASSWORD.',
    );
    expect(told(new ErrorReply('MISCONF Errors writing to the AOF file: No space left on device'))).toMatch(
      /^Redis at here:1 cannot be used: MISCONF .* device\. Give its disk room .*CONFIG SET appendonly no/,
    );
    expect(told(new ErrorReply('LOADING Redis is loading'))).toBe(
      'Redis at here:1 cannot be used: LOADING Redis is loading',
    );
  });
});
