import type { Filters as FilterValues } from '../../lib/use-place.ts';
import { Filters, Select, TextField } from '../../ui/filters.tsx';

export const noFilters = { universe: '', symbols: '', confidence: '', actionable: '' };
type Values = FilterValues<keyof typeof noFilters>;

const confidences = [
  { value: '', name: 'any' },
  { value: 'Medium', name: 'medium and high' },
  { value: 'High', name: 'high' },
];
const actions = [
  { value: '', name: 'all' },
  { value: 'true', name: 'actionable alone' },
];

interface Props {
  filters: Values;
  set: (changes: Partial<Values>, options?: { replace?: boolean }) => void;
  universes: readonly string[];
}

export function ScoreFilters({ filters, set, universes }: Props) {
  const choices = [{ value: '', name: 'all symbols' }, ...universes.map((value) => ({ value, name: value }))];
  return (
    <Filters>
      <Select
        label="Universe"
        value={filters.universe}
        choices={choices}
        onChoose={(value) => set({ universe: value, symbols: '' })}
      />
      <TextField
        label="Or symbols"
        value={filters.symbols}
        placeholder="TCS,INFY"
        onText={(value) => set({ symbols: value.toUpperCase().replaceAll(/\s+/g, '') }, { replace: true })}
      />
      <Select
        label="Confidence"
        value={filters.confidence}
        choices={confidences}
        onChoose={(value) => set({ confidence: value })}
      />
      <Select
        label="Show"
        value={filters.actionable}
        choices={actions}
        onChoose={(value) => set({ actionable: value })}
      />
    </Filters>
  );
}
