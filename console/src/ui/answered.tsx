import type { ComponentChildren } from 'preact';
import { utc } from '../lib/format.ts';
import type { Answer } from '../lib/use-answer.ts';
import { Absent } from './absent.tsx';
import { Failure } from './failure.tsx';

interface Props<T> {
  answer: Answer<T>;
  /** For sentences: “The spend”. */
  what: string;
  /** The route, when a service may lack it: a 404 is then no failure. */
  optional?: string;
  /** What stands there when nothing was found (404). */
  missing?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}

/** What an answer is while it is awaited, when it failed, when it is old, and when it is there. */
export function Answered<T>({ answer, what, optional, missing, children }: Props<T>) {
  const { value, error, at, again, loading } = answer;
  if (loading) return <Waiting what={what} />;
  if (value === undefined) {
    if (error === undefined) return null;
    if (error.status === 404 && optional !== undefined) return <Absent what={what} route={optional} />;
    if (error.status === 404 && missing !== undefined) return <>{missing}</>;
    return <Failure what={what} error={error} again={again} />;
  }
  return (
    <>
      {error !== undefined && (
        <p class="stale" role="status">
          As of {utc(at ?? 0, { seconds: true })} UTC. Asking again failed: {error.message}{' '}
          <button type="button" class="link" onClick={again}>
            Try again
          </button>
        </p>
      )}
      {children(value)}
    </>
  );
}

export function Waiting({ what }: { what: string }) {
  return (
    <div class="waiting" role="status" aria-busy="true">
      <span class="hidden">{what}: loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}
