/** A route that this service does not have, or a part of it that is switched off. */
export function Absent({ what, route }: { what: string; route: string }) {
  return (
    <div class="notice">
      <p class="notice-head">{what}: not available in this service.</p>
      <p class="quiet">
        It does not answer <code>{route}</code>. A newer release does; the rest of this page works without it.
      </p>
    </div>
  );
}
