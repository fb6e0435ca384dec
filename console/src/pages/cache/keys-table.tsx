import { bytes, count, NONE, roughly } from '../../lib/format.ts';
import { useLooks } from '../../lib/use-looks.ts';
import { type Column, Table } from '../../ui/table.tsx';
import type { KeyLook } from './answers.ts';

/** Keys beyond these are looked at when they are opened: each is a request of its own. */
const LOOKED_AT_MAX = 60;

interface Row {
  key: string;
  /** undefined: not known yet; null: gone meanwhile. */
  look: KeyLook | null | undefined;
}

export const keyPath = (key: string): string => `/v1/hot/keys/${encodeURIComponent(key)}`;

interface Props {
  keys: readonly string[];
  chosen: string;
  open: (key: string) => void;
}

export function KeysTable({ keys, chosen, open }: Props) {
  // A scan may give a key twice.
  const names = [...new Set(keys)];
  const looks = useLooks<KeyLook>(names.slice(0, LOOKED_AT_MAX), keyPath);
  const rows = names.map((key) => ({ key, look: looks.get(key) }));
  return (
    <Table
      label="Keys"
      columns={columnsWith(chosen, open)}
      rows={rows}
      keyOf={({ key }) => key}
      chosen={chosen}
    />
  );
}

const columnsWith = (chosen: string, open: (key: string) => void): readonly Column<Row>[] => [
  {
    id: 'key',
    head: 'Key',
    cell: ({ key }) => (
      <button type="button" class="link key" aria-expanded={key === chosen} onClick={() => open(key)}>
        <code>{key}</code>
      </button>
    ),
    by: ({ key }) => key,
  },
  { id: 'type', head: 'Type', cell: ({ look }) => (look === null ? 'gone' : (look?.type ?? NONE)) },
  {
    id: 'life',
    head: 'Life',
    figure: true,
    cell: ({ look }) => lifeOf(look),
    by: ({ look }) => look?.ttl_ms ?? null,
  },
  {
    id: 'size',
    head: 'Size',
    figure: true,
    cell: ({ look }) => (look?.bytes == null ? NONE : bytes(look.bytes)),
    by: ({ look }) => look?.bytes ?? null,
  },
  {
    id: 'length',
    head: 'Length',
    figure: true,
    cell: ({ look }) => (look == null ? NONE : count(look.length)),
    by: ({ look }) => look?.length ?? null,
    title: 'Of a text its characters, else fields or members',
  },
];

export function lifeOf(look: KeyLook | null | undefined): string {
  if (look == null) return NONE;
  return look.ttl_ms === null ? 'no end' : roughly(look.ttl_ms);
}
