import { useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Filters, TextField } from '../../ui/filters.tsx';
import { Json } from '../../ui/json.tsx';
import { Section } from '../../ui/section.tsx';

/** The preferences of a user: the service knows them by the user's id, and lists no users. */
export function Preferences() {
  const [{ user }, set] = useFilters({ user: '' });
  const preferences = useAnswer<{ preferences: Record<string, unknown> }>(
    user === '' ? undefined : `/v1/context/preferences/${encodeURIComponent(user)}`,
  );
  return (
    <Section
      id="preferences"
      title="Preferences"
      tools={
        <Filters>
          <TextField
            label="User"
            value={user}
            type="search"
            placeholder="user id"
            onText={(value) => set({ user: value }, { replace: true })}
          />
        </Filters>
      }
    >
      {user === '' ? (
        <Empty title="Whose?">
          <p>Type the id of a user to see the preferences that are kept.</p>
        </Empty>
      ) : (
        <Answered answer={preferences} what="The preferences">
          {({ preferences: kept }) =>
            Object.keys(kept).length === 0 ? (
              <Empty title={`No preference of ${user} is kept.`}>
                <p>
                  <code>PUT /v1/context/preferences/{user}</code> sets some.
                </p>
              </Empty>
            ) : (
              <dl class="values">
                {Object.entries(kept).map(([key, value]) => (
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
            )
          }
        </Answered>
      )}
    </Section>
  );
}
