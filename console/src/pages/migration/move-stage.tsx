import { useState } from 'preact/hooks';
import { ask } from '../../lib/api.ts';
import type { StoreStage } from '../../lib/stages.ts';
import { storeName } from '../../lib/words.ts';
import { Confirm } from '../../ui/confirm.tsx';

interface Props {
  store: string;
  from: string;
  way: StoreStage['next'][number];
  done: () => void;
  onClose: () => void;
}

/** A move of a store to another stage. Open gates ask for a reason, and for the name of the store. */
export function MoveStage({ store, from, way, done, onClose }: Props) {
  const [ramp, setRamp] = useState('');
  const [reason, setReason] = useState('');
  const open = way.gates.filter(({ passed }) => !passed);
  const forced = open.length > 0;
  const act = async (): Promise<void> => {
    if (forced && reason.trim() === '') throw new Error('Say why the open gates may be passed over.');
    await ask<StoreStage>(`/v1/stages/${encodeURIComponent(store)}`, {
      method: 'PUT',
      body: {
        stage: way.stage,
        ...(ramp === '' ? {} : { ramp: Number(ramp) }),
        ...(forced ? { force: reason.trim() } : {}),
      },
    });
    done();
  };
  return (
    <Confirm
      title={`Move ${storeName(store)} from ${from} to ${way.stage}?`}
      verb={forced ? 'Force the move' : 'Move'}
      danger={forced}
      {...(forced ? { typed: store } : {})}
      act={act}
      onClose={onClose}
    >
      {forced ? (
        <>
          <p>These gates are open; what they guard against is then yours to bear:</p>
          <ul class="gates">
            {open.map(({ name, detail }) => (
              <li key={name}>
                <b>{name}</b>
                <p class="quiet">{detail}</p>
              </li>
            ))}
          </ul>
          <label class="field">
            <span>Why it is forced</span>
            <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
        </>
      ) : (
        <p>Every gate is passed. The move is written to the history of the store with its evidence.</p>
      )}
      {way.stage === 'live' && (
        <label class="field">
          <span>Share of the reads from PostgreSQL in percent</span>
          <input
            type="number"
            min="0"
            max="100"
            value={ramp}
            onInput={(event) => setRamp(event.currentTarget.value)}
          />
        </label>
      )}
    </Confirm>
  );
}
