import { State } from '../../ui/state.tsx';
import type { Alert } from './alerts.ts';

const words = { bad: 'act', warn: 'look', note: 'note' } as const;
const tones = { bad: 'bad', warn: 'warn', note: 'plain' } as const;

export function AlertList({ alerts }: { alerts: readonly Alert[] }) {
  if (alerts.length === 0) {
    return (
      <p class="all-well" role="status">
        <State tone="good">All well</State> Nothing needs attention.
      </p>
    );
  }
  return (
    <ul class="alerts" aria-label="Alerts">
      {alerts.map(({ tone, text, way, href }) => (
        <li key={text} class={tone}>
          <State tone={tones[tone]}>{words[tone]}</State>
          <p>
            <b>{text}</b> {href === undefined ? way : <a href={href}>{way}</a>}
          </p>
        </li>
      ))}
    </ul>
  );
}
