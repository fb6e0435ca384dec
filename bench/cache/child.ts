import { contenders } from './cache-rows.ts';
import type { Span, Task } from './worker.ts';
import { scoreOf } from './score.ts';

/** A process of its own with one contender: does what its parent tells it, and ends with it. */
export async function main([name, url]: string[]): Promise<void> {
  const contender = contenders.find((one) => one.name === name);
  if (contender === undefined || url === undefined) throw new Error(`no contender ${name}`);
  process.on('disconnect', () => process.exit());
  const cache = await contender.open({ url, l1Entries: 10_000, agree: true });
  const spans: Span[] = [];
  process.on('message', (task: Task) => {
    void perform(task).then((result) => process.send!({ result }));
  });
  process.send!({ ready: true });

  async function perform(task: Task): Promise<unknown> {
    if (task.kind === 'write') {
      await Promise.all(task.keys.map((key, n) => cache.set(key, scoreOf(n, task.version))));
      return undefined;
    }
    const answers = await Promise.allSettled(
      Array.from({ length: task.callers }, () => cache.getOrSet(task.key, make)),
    );
    const answered = answers.filter((answer) => answer.status === 'fulfilled' && answer.value !== undefined);
    return { spans: spans.splice(0), answered: answered.length };

    async function make() {
      const from = performance.timeOrigin + performance.now();
      await new Promise((resolve) => setTimeout(resolve, (task as { makeMs: number }).makeMs));
      spans.push({ from, to: performance.timeOrigin + performance.now() });
      return scoreOf(1);
    }
  }
}
