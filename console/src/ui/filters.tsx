import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

/** Typing is over when nothing was typed for so long. */
const TYPED_MS = 400;

export function Filters({ children }: { children: ComponentChildren }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}

export interface Choice {
  value: string;
  name: string;
}

export const choicesOf = (values: readonly string[]): Choice[] =>
  values.map((value) => ({ value, name: value }));

interface SelectProps {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChoose: (value: string) => void;
}

export function Select({ label, value, choices, onChoose }: SelectProps) {
  const known = choices.some((choice) => choice.value === value);
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {!known && <option value={value}>{value}</option>}
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TextProps {
  label: string;
  value: string;
  type?: 'text' | 'date' | 'search' | 'number';
  placeholder?: string;
  options?: readonly string[];
  onText: (value: string) => void;
}

/** A text that counts a moment after the last key, or at once with Enter. */
export function TextField({ label, value, type = 'text', placeholder, options, onText }: TextProps) {
  const [typed, setTyped] = useState(value);
  const list = useId();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const say = (text: string): void => {
    clearTimeout(timer.current);
    if (text.trim() !== value) onText(text.trim());
  };
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type={type}
        value={typed}
        autocomplete="off"
        spellcheck={false}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(options === undefined ? {} : { list })}
        onInput={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => say(text), TYPED_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') say(event.currentTarget.value);
        }}
        onBlur={(event) => say(event.currentTarget.value)}
      />
      {options !== undefined && (
        <datalist id={list}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </label>
  );
}
