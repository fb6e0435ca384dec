import { expect, it, vi } from 'vitest';
import { createInProcessTier } from './in-process/tier.ts';
import { Remembered } from './remembered.ts';

it('drops what is added in whichever step the drops before it end', async () => {
  const hot = createInProcessTier({ prefix: 'test:' });
  for (let steps = 0; steps < 60; steps += 1) {
    const remembered = new Remembered(hot, 'test:mark');
    remembered.add([]);
    remembered.add(['test:first']);
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    remembered.add(['test:second']);
    await vi.waitFor(() => expect(remembered.size, `after ${steps} steps`).toBe(0), 1_000);
    await remembered.close();
  }
  await hot.close();
});
