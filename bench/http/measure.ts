import autocannon from 'autocannon';
import type { Child } from './child.ts';
import { median } from '../stores/measure.ts';

/** A server that is asked, under a name for people. */
export interface Contender {
  readonly name: string;
  readonly server: Child;
  readonly headers: Readonly<Record<string, string>>;
}

/** The medians of the rounds. */
export interface Figures {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the processor for one request: what else the machine does is no part of it. */
  readonly cpuUs: number | undefined;
}

export interface Plan {
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Every contender once a round, in turn: what else the machine does meanwhile comes to all of them. */
export async function compete(
  contenders: readonly Contender[],
  path: string,
  { connections, rounds, seconds }: Plan,
): Promise<Figures[]> {
  const found = contenders.map(() => ({
    rates: [] as number[],
    p50: [] as number[],
    p99: [] as number[],
    cpu: [] as number[],
  }));
  for (const contender of contenders) await load(contender, path, connections, 1);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const before = contender.server.cpuMs();
      const { requests, latency } = await load(contender, path, connections, seconds);
      const after = contender.server.cpuMs();
      if (before !== undefined && after !== undefined) {
        found[index]!.cpu.push(((after - before) * 1_000) / requests.total);
      }
      found[index]!.rates.push(requests.average);
      found[index]!.p50.push(latency.p50);
      found[index]!.p99.push(latency.p99);
    }
  }
  return contenders.map(({ name }, index) => {
    const { rates, p50, p99, cpu } = found[index]!;
    return {
      name,
      perSecond: median(rates),
      p50Ms: median(p50),
      p99Ms: median(p99),
      cpuUs: cpu.length === 0 ? undefined : median(cpu),
    };
  });
}

/** @throws Error when anything but a success is answered: that would be faster than an answer */
async function load(
  { name, server, headers }: Contender,
  path: string,
  connections: number,
  seconds: number,
): Promise<autocannon.Result> {
  const result = await autocannon({
    url: server.url + path,
    connections,
    duration: seconds,
    headers: { ...headers },
  });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    const { non2xx, errors, timeouts } = result;
    throw new Error(`${name} ${path}: ${JSON.stringify({ non2xx, errors, timeouts })}`);
  }
  return result;
}
