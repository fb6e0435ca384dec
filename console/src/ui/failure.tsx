import type { ApiError } from '../lib/api.ts';

/** What failed, in the words of the service, and what can be done about it. */
export function Failure(props: { what: string; error: ApiError; again?: () => void }) {
  const { what, error, again } = props;
  return (
    <div class="notice bad" role="alert">
      <p class="notice-head">{what} cannot be read.</p>
      <p>{error.message}</p>
      <p class="quiet">
        <code>{error.code}</code> {wayOut(error)}
      </p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

function wayOut({ status }: ApiError): string {
  if (status === 0) return 'Check that “stockroom serve” runs, then try again.';
  if (status === 403)
    return 'The API key lacks a scope: close this tab, open it again and give a key that has it.';
  if (status === 429) return 'Too many requests at once: wait a moment.';
  if (status === 503) return 'Something behind the service is away: the tiers at the top say which.';
  if (status >= 500) return 'The log of the service has the reason.';
  return status === 400 ? 'Change the filters.' : '';
}
