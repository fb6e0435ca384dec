import type { ComponentChildren } from 'preact';

/** Nothing to show, and what would make it something. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <p class="notice-head">{title}</p>
      {children}
    </div>
  );
}
