import type { Report } from './answers.ts';
import { plural } from '../../lib/format.ts';
import { Section } from '../../ui/section.tsx';

/** Files that could not be read, and those that nobody asked for: neither is passed over in silence. */
export function FileLists({ unreadable, unclaimed }: Pick<Report, 'unreadable' | 'unclaimed'>) {
  if (unreadable.length === 0 && unclaimed.length === 0) return null;
  return (
    <div class="file-lists">
      {unreadable.length > 0 && (
        <Section id="unreadable" title="Unreadable" note={plural(unreadable.length, 'file')}>
          <ul class="files-found">
            {unreadable.map(({ file, reason }) => (
              <li key={file} class="bad">
                <code>{file}</code>
                <p>{reason}</p>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {unclaimed.length > 0 && (
        <Section
          id="unclaimed"
          title="Not taken"
          note={plural(unclaimed.length, 'file or table', 'files and tables')}
        >
          <p class="quiet">No source claims these. They stay where they are.</p>
          <ul class="files-found">
            {unclaimed.map((file) => (
              <li key={file}>
                <code>{file}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}
