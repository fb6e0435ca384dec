import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { StockroomError } from './errors.ts';

const sha256 = 'ab'.repeat(32);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-settings-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function failure(...args: Parameters<typeof loadConfig>): StockroomError {
  try {
    loadConfig(...args);
  } catch (error) {
    if (error instanceof StockroomError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}

describe('a secret in a file', () => {
  it('counts as the value of its variable, without the line end behind it', () => {
    const config = loadConfig({
      DATABASE_URL_FILE: file('database', 'postgresql://app:secret@db/stocks\n'),
      DATABASE_REPLICA_URL_FILE: file('replica', 'postgresql://app:secret@replica/stocks\r\n'),
      REDIS_HOST: 'cache',
      REDIS_USERNAME: 'stockroom',
      REDIS_PASSWORD_FILE: file('password', ' p#\n'),
      STOCKROOM_API_KEYS_FILE: ` ${file('keys', `console:read:${sha256}`)} `,
      STOCKROOM_ALERT_WEBHOOK_FILE: file('webhook', 'https://hooks.example.org/budget\n'),
    });
    expect(config).toMatchObject({
      databaseUrl: 'postgresql://app:secret@db/stocks',
      databaseReplicaUrl: 'postgresql://app:secret@replica/stocks',
      redis: { kind: 'host', username: 'stockroom', password: ' p#' },
      apiKeys: [{ name: 'console', scopes: ['read'], sha256 }],
      alertWebhook: 'https://hooks.example.org/budget',
    });
    expect(loadConfig({ REDIS_URL_FILE: file('redis', 'redis://:p@cache\n') }).redis).toEqual({
      kind: 'url',
      url: 'redis://:p@cache',
    });
  });

  it('may have no other value beside it, but a flag wins over both', () => {
    const env = {
      DATABASE_URL: 'postgresql://one/x',
      DATABASE_URL_FILE: file('other', 'postgresql://other/x'),
    };
    const error = failure(env);
    expect(error.details['variable']).toBe('DATABASE_URL_FILE');
    expect(error.message).toBe(
      'DATABASE_URL_FILE: expected nothing beside DATABASE_URL, or DATABASE_URL removed, found both',
    );
    expect(loadConfig(env, { DATABASE_URL: 'postgresql://flag/x' }).databaseUrl).toBe('postgresql://flag/x');
    expect(loadConfig({ ...env, DATABASE_URL: ' ' }).databaseUrl).toBe('postgresql://other/x');
    expect(loadConfig({ ...env, DATABASE_URL_FILE: '' }).databaseUrl).toBe('postgresql://one/x');
  });

  it('is checked like any other value, and is never printed', () => {
    const error = failure({ STOCKROOM_API_KEYS_FILE: file('pasted', 'hunter2') });
    expect(error.message).toMatch(/^STOCKROOM_API_KEYS: expected .+, found entry 1 has 1 part/);
    expect(JSON.stringify([error.message, error.details])).not.toContain('hunter2');
  });

  it.each([
    ['is not there', () => join(directory, 'absent'), /absent" \(ENOENT\)$/],
    ['is empty', () => file('empty', ' \n'), /empty", which is empty$/],
    ['is a directory', () => directory, /, which is no file$/],
    ['is no file', () => '/dev/null', /"\/dev\/null", which is no file$/],
    ['is something else altogether', () => file('big', 'x'.repeat(65_537)), /big" with 65537 bytes$/],
    ['is the secret itself', () => 'hunter2', /found 7 characters of another form$/],
  ])('is refused when the file %s', (_what, path, found) => {
    const error = failure({ REDIS_HOST: 'cache', REDIS_PASSWORD_FILE: path() });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details['variable']).toBe('REDIS_PASSWORD_FILE');
    expect(error.message).toMatch(/^REDIS_PASSWORD_FILE: expected the absolute path of a readable file/);
    expect(error.message).toMatch(found);
    expect(error.message).not.toContain('hunter2');
  });
});
