import { useKnown } from '../../lib/use-known.ts';
import type { Filters as FilterValues } from '../../lib/use-place.ts';
import { choicesOf, Filters, Select, TextField } from '../../ui/filters.tsx';

export const groupings = [
  { value: 'mode', name: 'mode' },
  { value: 'agent', name: 'agent' },
  { value: 'symbol', name: 'symbol' },
  { value: 'universe', name: 'universe' },
  { value: 'source', name: 'source' },
  { value: 'confidence', name: 'confidence' },
  { value: 'policy_version', name: 'policy version' },
  { value: 'week', name: 'week' },
  { value: 'month', name: 'month' },
];

type Name = 'group' | 'mode' | 'universe' | 'source' | 'symbol' | 'from' | 'to';

interface Props {
  filters: FilterValues<Name>;
  set: (changes: Partial<FilterValues<Name>>, options?: { replace?: boolean }) => void;
}

const any = { value: '', name: 'any' };

export function PerformanceFilters({ filters, set }: Props) {
  const { group, mode, universe, source, symbol, from, to } = filters;
  const known = useKnown();
  return (
    <Filters>
      <Select label="By" value={group} choices={groupings} onChoose={(value) => set({ group: value })} />
      <Select
        label="Mode"
        value={mode}
        choices={[any, ...choicesOf(known.modes)]}
        onChoose={(value) => set({ mode: value })}
      />
      <Select
        label="Universe"
        value={universe}
        choices={[any, ...choicesOf(known.universes)]}
        onChoose={(value) => set({ universe: value })}
      />
      <Select
        label="Source"
        value={source}
        choices={[any, ...choicesOf(known.sources)]}
        onChoose={(value) => set({ source: value })}
      />
      <TextField
        label="Symbol"
        value={symbol}
        placeholder="any"
        options={known.symbols}
        onText={(value) => set({ symbol: value.toUpperCase() }, { replace: true })}
      />
      <TextField
        label="From"
        type="date"
        value={from}
        onText={(value) => set({ from: value }, { replace: true })}
      />
      <TextField
        label="Before"
        type="date"
        value={to}
        onText={(value) => set({ to: value }, { replace: true })}
      />
    </Filters>
  );
}
