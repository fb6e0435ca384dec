import type { Health } from './answers.ts';
import type { Answer } from './use-answer.ts';

/** The tiers, always in sight: whatever else the page says was read from them. */
export function Header({ health }: { health: Answer<Health> }) {
  return (
    <header class="masthead">
      <p class="wordmark">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M3 11.5h26M3 20.5h26M3 29h26" />
          <path
            class="goods"
            d="M5 3h6v8H5zM13 6h4v5h-4zM20 5h5v6h-5zM5 15h5v5H5zM12 13h9v7h-9zM6 23h10v5H6zM19 25h6v3h-6z"
          />
        </svg>
        Stockroom
      </p>
      <dl class="tiers">
        <Durable health={health} />
        <Hot health={health} />
      </dl>
      <nav aria-label="Elsewhere">
        <a href="/docs">API</a>
      </nav>
    </header>
  );
}

function Durable({ health }: { health: Answer<Health> }) {
  if (health.state === 'loading') return <Tier name="PostgreSQL" state="unknown" text="asking…" />;
  if (health.state === 'failed') {
    const locked = health.error.status === 401;
    return (
      <Tier
        name="PostgreSQL"
        state={locked ? 'unknown' : 'down'}
        text={locked ? 'a key is needed' : 'no answer'}
      />
    );
  }
  const { durable } = health.value.tiers;
  if (durable.state === 'down') {
    return <Tier name="PostgreSQL" state="down" text="down" title={durable.detail ?? durable.location} />;
  }
  const version = durable.server_version?.split(' ')[0] ?? '';
  const kind = durable.kind === 'embedded' ? 'embedded, not safe from a power cut' : durable.location;
  return (
    <Tier
      name={`PostgreSQL ${version}`}
      state="up"
      text={`${kind} · ${durable.latency_ms?.toFixed(1) ?? '?'} ms`}
      title={durable.detail ?? durable.location}
    />
  );
}

function Hot({ health }: { health: Answer<Health> }) {
  if (health.state !== 'ready') return null;
  const { hot } = health.value.tiers;
  const title = hot.detail ?? hot.location;
  if (hot.kind === 'in-process')
    return <Tier name="Hot tier" state={hot.state} text="in the process" title={title} />;
  if (hot.state === 'down') return <Tier name="Redis" state="down" text="down" title={title} />;
  return (
    <Tier
      name={`Redis ${hot.server_version ?? ''}`}
      state="up"
      text={`${hot.location} · ${hot.latency_ms?.toFixed(1) ?? '?'} ms`}
      title={title}
    />
  );
}

function Tier(props: { name: string; state: string; text: string; title?: string }) {
  return (
    <div class={`tier ${props.state}`} title={props.title}>
      <dt>{props.name}</dt>
      <dd>{props.text}</dd>
    </div>
  );
}
