import { useState } from 'preact/hooks';
import { count, roughly, spaced } from '../../lib/format.ts';
import { holder, type Move, type StoreStage, stageText } from '../../lib/stages.ts';
import { storeName } from '../../lib/words.ts';
import { Json } from '../../ui/json.tsx';
import { State } from '../../ui/state.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { MoveStage } from './move-stage.tsx';

const shadowWords: Record<string, string> = {
  match: 'the same',
  mismatch: 'different',
  missing: 'missing here',
  extra: 'only here',
  error: 'failed',
  timeout: 'too late',
  in_flight: 'changed meanwhile',
};

/** A store's stage with its evidence, the gates before the next ones, and its moves so far. */
export function StageDetail({ item, again }: { item: StoreStage; again: () => void }) {
  const [moving, setMoving] = useState<StoreStage['next'][number]>();
  return (
    <div class="detail">
      <h3>
        {storeName(item.store)}: {stageText(item)}
      </h3>
      <p class="quiet">
        Writes go to {holder(item.authority)}; epoch {item.epoch}
        {item.directory !== null && (
          <>
            ; old files in <code>{item.directory}</code>
          </>
        )}
        {(item.lag.oldest_ms ?? 0) > 0 &&
          `; the oldest owed row waits for ${roughly(item.lag.oldest_ms ?? 0)}`}
        {(item.lag.refused ?? 0) > 0 && `; ${count(item.lag.refused ?? 0)} refused by the old side`}
      </p>
      {Object.keys(item.shadow).length > 0 && (
        <dl class="shadow" aria-label="Answers compared">
          {Object.entries(item.shadow).map(([name, times]) => (
            <div key={name}>
              <dt>{shadowWords[name] ?? spaced(name)}</dt>
              <dd>{count(times)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div class="ways">
        {item.next.map((way) => (
          <section key={way.stage} class="way" aria-label={`Way to ${way.stage}`}>
            <h4>To {way.stage}</h4>
            <ul class="gates">
              {way.gates.map(({ name, passed, detail }) => (
                <li key={name}>
                  <State tone={passed ? 'good' : 'bad'}>{passed ? 'passed' : 'open'}</State> <b>{name}</b>
                  <p class="quiet">{detail}</p>
                </li>
              ))}
              {way.gates.length === 0 && <li class="quiet">No gate stands before it.</li>}
            </ul>
            <button type="button" onClick={() => setMoving(way)}>
              Move to {way.stage}…
            </button>
          </section>
        ))}
      </div>
      {item.moves.length > 0 && (
        <Table
          label="Moves so far"
          columns={moveColumns}
          rows={item.moves}
          keyOf={({ at, to }) => `${at} ${to}`}
        />
      )}
      {moving !== undefined && (
        <MoveStage
          store={item.store}
          from={item.stage}
          way={moving}
          done={again}
          onClose={() => setMoving(undefined)}
        />
      )}
    </div>
  );
}

const moveColumns: readonly Column<Move>[] = [
  { id: 'at', head: 'Moved (UTC)', cell: ({ at }) => <Time at={at} seconds /> },
  { id: 'from', head: 'From', cell: ({ from }) => from },
  { id: 'to', head: 'To', cell: ({ to }) => to },
  { id: 'outcome', head: 'Outcome', cell: ({ outcome }) => outcome },
  {
    id: 'forced',
    head: 'Forced',
    cell: ({ forced }) => forced ?? 'no',
  },
  {
    id: 'evidence',
    head: 'Evidence',
    cell: ({ evidence }) => <Json value={evidence ?? null} title="Evidence" closed />,
  },
];
