import { decimal } from '../../lib/format.ts';

/** A score from 0 to 100 with a bar as long. */
export function ScoreBar({ score }: { score: number | null }) {
  return (
    <span class="score">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6" />
        <rect class="fill" width={Math.min(100, Math.max(0, score ?? 0))} height="6" />
      </svg>
      {decimal(score, 1)}
    </span>
  );
}
