import { useState } from 'preact/hooks';
import { applyTheme, type Theme, themeNow } from '../charts/theme.ts';
import type { Health } from '../lib/health.ts';
import type { Answer } from '../lib/use-answer.ts';

/** The tiers, always in sight: whatever else the page says was read from them. */
export function Masthead({ health }: { health: Answer<Health> }) {
  return (
    <header class="masthead">
      <a class="wordmark" href="#/overview">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M3 11.5h26M3 20.5h26M3 29h26" />
          <path
            class="goods"
            d="M5 3h6v8H5zM13 6h4v5h-4zM20 5h5v6h-5zM5 15h5v5H5zM12 13h9v7h-9zM6 23h10v5H6zM19 25h6v3h-6z"
          />
        </svg>
        Stockroom
      </a>
      <dl class="tiers">
        <Durable health={health} />
        <Hot health={health} />
      </dl>
      <div class="elsewhere">
        <ThemeChoice />
        <a href="/docs">API</a>
      </div>
    </header>
  );
}

const themes: readonly { id: Theme; name: string; next: Theme }[] = [
  { id: 'auto', name: 'Auto', next: 'light' },
  { id: 'light', name: 'Light', next: 'dark' },
  { id: 'dark', name: 'Dark', next: 'auto' },
];

function ThemeChoice() {
  const [theme, setTheme] = useState(themeNow);
  const { name, next } = themes.find(({ id }) => id === theme)!;
  return (
    <button
      type="button"
      class="theme"
      title="Colours: as the machine has them, light, or dark"
      aria-label={`Colours: ${name}. Press to change.`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <path d="M8 2a6 6 0 0 0 0 12z" />
      </svg>
      {name}
    </button>
  );
}

const latency = (ms: number | null): string => `${ms?.toFixed(1) ?? '?'} ms`;

function Durable({ health: { value, error } }: { health: Answer<Health> }) {
  if (error !== undefined) {
    const locked = error.status === 401;
    const state = locked ? 'unknown' : 'down';
    return (
      <Tier
        name="Service"
        state={state}
        text={locked ? 'a key is needed' : 'no answer'}
        title={error.message}
      />
    );
  }
  if (value === undefined) return <Tier name="PostgreSQL" state="unknown" text="asking…" />;
  const { durable } = value.tiers;
  const title = durable.detail ?? durable.location;
  if (durable.state === 'down') return <Tier name="PostgreSQL" state="down" text="down" title={title} />;
  const version = durable.server_version?.split(' ')[0] ?? '';
  const kind = durable.kind === 'embedded' ? 'embedded · ' : '';
  return (
    <Tier
      name={`PostgreSQL ${version}`}
      state="up"
      text={`${kind}${latency(durable.latency_ms)}`}
      title={title}
    />
  );
}

function Hot({ health: { value, error } }: { health: Answer<Health> }) {
  if (value === undefined || error !== undefined) return null;
  const { hot } = value.tiers;
  const title = hot.detail ?? hot.location;
  if (hot.kind === 'in-process')
    return <Tier name="Hot tier" state={hot.state} text="in the process" title={title} />;
  if (hot.state === 'down') return <Tier name="Redis" state="down" text="down" title={title} />;
  return (
    <Tier
      name={`Redis ${hot.server_version ?? ''}`}
      state="up"
      text={latency(hot.latency_ms)}
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
