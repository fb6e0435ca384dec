import type { Warning } from './answers.ts';
import { plural } from '../../lib/format.ts';
import { plainDetail, warningTitle } from '../../lib/words.ts';
import { Section } from '../../ui/section.tsx';

/** What a person should know although nothing is lost. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <Section id="warnings" title="Worth knowing" note={plural(warnings.length, 'remark')}>
      <ul class="remarks">
        {warnings.map((warning) => (
          <li key={`${warning.code} ${warning.source} ${warning.column ?? ''}`}>
            <h3>{warningTitle(warning.code)}</h3>
            <p>{plainDetail(warning.detail)}</p>
            <p class="tags">
              <code>{place(warning)}</code>
              <span>{plural(warning.rows, 'row')}</span>
              {warning.offset_minutes !== undefined && <span>{offset(warning.offset_minutes)}</span>}
              <span class="code">{warning.code}</span>
            </p>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function place({ source, column }: Warning): string {
  return column === null || column === undefined ? source : `${source}.${column}`;
}

/** 330 as UTC+5:30. */
function offset(minutes: number): string {
  const size = Math.abs(minutes);
  const clock = `${Math.floor(size / 60)}:${String(size % 60).padStart(2, '0')}`;
  return `UTC${minutes < 0 ? '−' : '+'}${clock}`;
}
