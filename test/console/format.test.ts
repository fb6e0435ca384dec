import { describe, expect, it } from 'vitest';
import { bytesOf, hexDump } from '../../console/src/lib/bytes.ts';
import {
  ago,
  bytes,
  count,
  decimal,
  duration,
  percent,
  roughly,
  share,
  usd,
  utc,
} from '../../console/src/lib/format.ts';

describe('figures of the console', () => {
  it('are grouped, with a true minus and no negative zero', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(count('9007199254740993')).toBe('9,007,199,254,740,993');
    expect(decimal(-1234.5)).toBe('−1,234.50');
    expect(decimal(-0.001)).toBe('0.00');
    expect(decimal(null)).toBe('–');
    expect(decimal(Number.NaN)).toBe('–');
  });

  it('are percent with a sign where one is asked for', () => {
    expect(percent(1.25, 2, { sign: true })).toBe('+1.25 %');
    expect(percent(0.001, 2, { sign: true })).toBe('0.00 %');
    expect(percent(-0.5, 1, { sign: true })).toBe('−0.5 %');
    expect(share(0.4757)).toBe('47.6 %');
    expect(share(undefined)).toBe('–');
  });

  it('are dollars, with four decimals below ten cents', () => {
    expect(usd('22.3073769999994858')).toBe('$22.31');
    expect(usd('0.0746')).toBe('$0.0746');
    expect(usd('0.00001')).toBe('<$0.0001');
    expect(usd('-3.5')).toBe('−$3.50');
    expect(usd('0')).toBe('$0.00');
    expect(usd(null)).toBe('–');
  });

  it('are sizes and spans in their own units', () => {
    expect([bytes(999), bytes(1_500), bytes(2_500_000), bytes(3e9)]).toEqual([
      '999 B',
      '1.5 kB',
      '2.5 MB',
      '3.0 GB',
    ]);
    expect([duration(12), duration(1_500), duration(119_900)]).toEqual(['12 ms', '1.5 s', '2 min 0 s']);
    expect([roughly(20), roughly(3_600_000), roughly(172_800_000)]).toEqual(['1 s', '60 min', '2 d']);
  });

  it('are times in UTC', () => {
    expect(utc('2026-11-30T07:05:23.4+05:30')).toBe('2026-11-30 01:35');
    expect(utc('2026-11-30T07:05:23Z', { seconds: true })).toBe('2026-11-30 07:05:23');
    expect(utc('no time')).toBe('no time');
    const now = Date.parse('2026-11-30T07:00:00Z');
    expect(ago('2026-11-30T06:50:00Z', now)).toBe('10 min ago');
    expect(ago('2026-11-30T09:00:00Z', now)).toBe('in 2 h');
    expect(ago('2026-11-30T06:59:50Z', now)).toBe('just now');
  });
});

describe('bytes as they were found', () => {
  it('are dumped sixteen a line', () => {
    expect(hexDump(bytesOf('AP9B', 'base64'))).toEqual([{ offset: '000000', hex: '00 ff 41', text: '··A' }]);
    const lines = hexDump(bytesOf('é'.repeat(9), 'text'));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toEqual({ offset: '000010', hex: 'c3 a9', text: '··' });
    expect(hexDump(new Uint8Array(100), 20)).toHaveLength(2);
  });
});
