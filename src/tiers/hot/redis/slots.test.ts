import { expect, it } from 'vitest';
import { slotOf } from './slots.ts';

// The first is the check value of CRC-16/XMODEM; the others were asked of a server (CLUSTER KEYSLOT).
it.each([
  ['123456789', 0x31_c3 % 16_384],
  ['foo', 12_182],
  ['{user1000}.following', 3_443],
  ['user1000', 3_443],
  ['foo{}{bar}', 8_363],
  ['foo{{bar}}zap', 4_015],
  ['foo{bar}{zap}', 5_061],
  ['ключ-😀', 439],
])('the slot of %s', (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});
