import { useAnswer } from '../../lib/use-answer.ts';
import { Section } from '../../ui/section.tsx';
import { State } from '../../ui/state.tsx';
import { Ago, Time } from '../../ui/time.tsx';

interface Session {
  opens_at: string;
  closes_at: string;
}

interface Market {
  open: boolean;
  session: Session | null;
  next: Session;
}

const exchanges = [
  { id: 'XNSE', name: 'NSE' },
  { id: 'XNYS', name: 'NYSE' },
];
const ASK_EVERY_MS = 60_000;

export function Markets() {
  return (
    <Section id="markets" title="Markets">
      <ul class="markets">
        {exchanges.map(({ id, name }) => (
          <Exchange key={id} id={id} name={name} />
        ))}
      </ul>
    </Section>
  );
}

function Exchange({ id, name }: { id: string; name: string }) {
  const { value, error } = useAnswer<Market>(`/v1/market/${id}/session`, ASK_EVERY_MS);
  if (value === undefined) return <li class="quiet">{`${name}: ${error?.message ?? 'asking…'}`}</li>;
  const at = value.open ? value.session?.closes_at : value.next.opens_at;
  return (
    <li>
      <b>{name}</b> <State tone={value.open ? 'good' : 'plain'}>{value.open ? 'open' : 'closed'}</State>
      <span>
        {value.open ? 'closes' : 'opens'} <Ago at={at} />{' '}
        <small>
          (<Time at={at} /> UTC)
        </small>
      </span>
    </li>
  );
}
