import { count } from '../lib/format.ts';
import type { Pages } from '../lib/use-pages.ts';
import { Failure } from './failure.tsx';

/** Under a list that comes a page at a time. */
export function More({ pages, what }: { pages: Pages<unknown>; what: string }) {
  return (
    <>
      {pages.error !== undefined && <Failure what={what} error={pages.error} again={pages.again} />}
      <p class="pager" role="status">
        {pages.loading
          ? 'Reading…'
          : `${count(pages.items.length)} shown${pages.more === undefined ? '' : ', there are more'}`}
        {pages.more !== undefined && (
          <button type="button" onClick={pages.more}>
            Show more
          </button>
        )}
      </p>
    </>
  );
}
