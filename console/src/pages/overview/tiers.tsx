import { roughly } from '../../lib/format.ts';
import type { Health } from '../../lib/health.ts';
import { State } from '../../ui/state.tsx';

const latency = (ms: number | null): string => (ms === null ? '–' : `${ms.toFixed(1)} ms`);

export function Tiers({ health }: { health: Health }) {
  const { durable, hot } = health.tiers;
  return (
    <div class="cards">
      <section class="card" aria-label="PostgreSQL">
        <h3>
          PostgreSQL {durable.server_version?.split(' ')[0]}{' '}
          <State tone={durable.state === 'up' ? 'good' : 'bad'}>{durable.state}</State>
        </h3>
        <dl class="facts">
          <dt>Where</dt>
          <dd>
            {durable.kind === 'embedded' ? 'embedded, ' : ''}
            <code>{durable.location}</code>
          </dd>
          <dt>Latency</dt>
          <dd>{latency(durable.latency_ms)}</dd>
          <dt>Schema</dt>
          <dd>
            <code>{durable.schema}</code>
          </dd>
        </dl>
      </section>
      <section class="card" aria-label="Hot tier">
        <h3>
          {hot.kind === 'redis' ? `Redis ${hot.server_version ?? ''}` : 'Hot tier'}{' '}
          <State tone={hot.state === 'up' ? 'good' : 'bad'}>{hot.state}</State>
        </h3>
        <dl class="facts">
          <dt>Where</dt>
          <dd>{hot.kind === 'redis' ? <code>{hot.location}</code> : 'in the process'}</dd>
          <dt>Latency</dt>
          <dd>{latency(hot.latency_ms)}</dd>
          <dt>Breaker, copies told by</dt>
          <dd>
            {hot.breaker}, {hot.invalidation}
          </dd>
        </dl>
      </section>
      <section class="card" aria-label="Service">
        <h3>
          Service{' '}
          <State tone={health.status === 'ok' ? 'good' : health.status === 'down' ? 'bad' : 'warn'}>
            {health.status}
          </State>
        </h3>
        <dl class="facts">
          <dt>Up for</dt>
          <dd>{roughly(health.uptime_seconds * 1_000)}</dd>
          <dt>Version</dt>
          <dd>{health.version}</dd>
          <dt>API</dt>
          <dd>
            <a href="/docs">documentation</a>
          </dd>
        </dl>
      </section>
    </div>
  );
}
