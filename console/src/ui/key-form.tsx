import { useState } from 'preact/hooks';

export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState('');
  return (
    <section class="notice">
      <h1>An API key is needed.</h1>
      <p>
        This service has API keys. One with the scope <code>read</code> opens these pages; moving stages and
        deleting keys need <code>admin</code>. It is kept until this tab is closed.
      </p>
      <form
        class="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (key !== '') onKey(key);
        }}
      >
        <label for="api-key">API key</label>
        <input
          id="api-key"
          type="password"
          autocomplete="off"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value.trim())}
        />
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </section>
  );
}
