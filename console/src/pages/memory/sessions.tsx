import { useState } from 'preact/hooks';
import { ask } from '../../lib/api.ts';
import { plural, roughly } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { usePages } from '../../lib/use-pages.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Json } from '../../ui/json.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Ago, Time } from '../../ui/time.tsx';
import type { Session, SessionPage } from './answers.ts';

const PAGE = 50;
const KEYS_SHOWN = 200;

/** Live sessions of agents, and what one of them holds. */
export function Sessions({ changed }: { changed: () => void }) {
  const [{ session }, set] = useFilters({ session: '' });
  const [ending, setEnding] = useState<string>();
  const pages = usePages<Session>(apiPath('/v1/memory/sessions', { limit: PAGE }));
  return (
    <Section id="sessions" title="Sessions">
      {pages.items.length === 0 && !pages.loading && pages.error === undefined ? (
        <Empty title="No session is live.">
          <p>
            An agent starts one by putting a value into it: <code>PUT /v1/memory/sessions/NAME/KEY</code>.
          </p>
        </Empty>
      ) : (
        <>
          <Table
            label="Live sessions"
            columns={columnsWith({
              chosen: session,
              choose: (next) => set({ session: next }),
              end: setEnding,
            })}
            rows={pages.items}
            keyOf={(item) => item.session}
            chosen={session}
          />
          <More pages={pages} what="The sessions" />
        </>
      )}
      {session !== '' && <Content key={session} session={session} />}
      {ending !== undefined && (
        <Confirm
          title={`End the session ${ending}?`}
          verb="End it"
          danger
          act={async () => {
            await ask(`/v1/memory/sessions/${encodeURIComponent(ending)}`, { method: 'DELETE' });
            if (ending === session) set({ session: '' });
            pages.again();
            changed();
          }}
          onClose={() => setEnding(undefined)}
        >
          <p>Everything in it is gone, for every agent that uses it.</p>
        </Confirm>
      )}
    </Section>
  );
}

interface Actions {
  chosen: string;
  choose: (session: string) => void;
  end: (session: string) => void;
}

const columnsWith = ({ chosen, choose, end }: Actions): readonly Column<Session>[] => [
  {
    id: 'session',
    head: 'Session',
    cell: ({ session }) => (
      <button
        type="button"
        class="link"
        aria-expanded={session === chosen}
        onClick={() => choose(session === chosen ? '' : session)}
      >
        {session}
      </button>
    ),
  },
  {
    id: 'started',
    head: 'Started (UTC)',
    cell: ({ started_at: at }) => <Time at={at} />,
    by: ({ started_at: at }) => at,
  },
  { id: 'ends', head: 'Ends', cell: ({ expires_at: at }) => <Ago at={at} />, by: ({ expires_at: at }) => at },
  {
    id: 'life',
    head: 'Life',
    figure: true,
    cell: ({ ttl_seconds: seconds, sliding }) => `${roughly(seconds * 1_000)}${sliding ? ', sliding' : ''}`,
  },
  {
    id: 'end',
    head: <span class="hidden">Action</span>,
    cell: ({ session }) => (
      <button type="button" class="small" onClick={() => end(session)}>
        End…
      </button>
    ),
  },
];

function Content({ session }: { session: string }) {
  const page = useAnswer<SessionPage>(
    apiPath(`/v1/memory/sessions/${encodeURIComponent(session)}`, { limit: KEYS_SHOWN }),
  );
  return (
    <div class="detail">
      <h3>{session}</h3>
      <Answered answer={page} what="The session" missing={<p class="quiet">It has ended meanwhile.</p>}>
        {({ items, next_cursor: next }) => (
          <>
            <dl class="values">
              {items.map(({ key, value }) => (
                <div key={key}>
                  <dt>
                    <code>{key}</code>
                  </dt>
                  <dd>
                    <Json value={value} />
                  </dd>
                </div>
              ))}
            </dl>
            <p class="quiet">
              {plural(items.length, 'key')}
              {next !== null && ', there are more'}
            </p>
          </>
        )}
      </Answered>
    </div>
  );
}
