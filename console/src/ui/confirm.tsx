import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, apiErrorOf } from '../lib/api.ts';

interface Props {
  title: string;
  /** What the button that does it says: a verb. */
  verb: string;
  danger?: boolean;
  /** Has to be typed before the button works: for what cannot be undone. */
  typed?: string;
  act: () => Promise<unknown>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Asks before something is changed. Escape leaves it; what the service refuses is said in place. */
export function Confirm({ title, verb, danger = false, typed, act, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
  }, []);
  const doIt = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      onClose();
    } catch (failure) {
      setError(apiErrorOf(failure));
      setBusy(false);
    }
  };
  return (
    <dialog class="confirm" ref={dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void doIt();
        }}
      >
        <h2 id="confirm-title">{title}</h2>
        {children}
        {typed !== undefined && (
          <label class="field">
            <span>
              Type <code>{typed}</code> to go on
            </span>
            <input
              value={text}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
        {error !== undefined && (
          <p class="refused" role="alert">
            {error.message} <code>{error.code}</code>
          </p>
        )}
        <p class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={danger ? 'danger' : 'primary'}
            disabled={busy || (typed !== undefined && text !== typed)}
          >
            {busy ? 'Working…' : verb}
          </button>
        </p>
      </form>
    </dialog>
  );
}
