import { bytes, count, NONE, roughly } from '../../lib/format.ts';
import { type Column, Table } from '../../ui/table.tsx';
import type { KeyItem } from './answers.ts';

export const keyPath = (key: string): string => `/v1/hot/keys/${encodeURIComponent(key)}`;

interface Props {
  keys: readonly KeyItem[];
  chosen: string;
  open: (key: string) => void;
}

export function KeysTable({ keys, chosen, open }: Props) {
  // A scan may give a key twice.
  const rows = [...new Map(keys.map((item) => [item.key, item])).values()];
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

const columnsWith = (chosen: string, open: (key: string) => void): readonly Column<KeyItem>[] => [
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
  { id: 'type', head: 'Type', cell: ({ type }) => type },
  { id: 'life', head: 'Life', figure: true, cell: lifeOf, by: ({ ttl_ms: life }) => life },
  {
    id: 'size',
    head: 'Size',
    figure: true,
    cell: ({ bytes: size }) => (size === null ? NONE : bytes(size)),
    by: ({ bytes: size }) => size,
  },
  {
    id: 'length',
    head: 'Length',
    figure: true,
    cell: ({ length }) => count(length),
    by: ({ length }) => length,
    title: 'Of a text its characters, else fields or members',
  },
];

export function lifeOf({ ttl_ms: life }: Pick<KeyItem, 'ttl_ms'>): string {
  return life === null ? 'no end' : roughly(life);
}
