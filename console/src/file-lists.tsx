import type { Report } from './answers.ts';
import { plural } from './format.ts';

/** Files that could not be read, and those that nobody asked for: neither is passed over in silence. */
export function FileLists({ unreadable, unclaimed }: Pick<Report, 'unreadable' | 'unclaimed'>) {
  if (unreadable.length === 0 && unclaimed.length === 0) return null;
  return (
    <div class="file-lists">
      {unreadable.length > 0 && (
        <section aria-labelledby="unreadable">
          <h2 id="unreadable">
            Unreadable <small>{plural(unreadable.length, 'file')}</small>
          </h2>
          <ul class="files-found">
            {unreadable.map(({ file, reason }) => (
              <li key={file} class="bad">
                <code>{file}</code>
                <p>{reason}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
      {unclaimed.length > 0 && (
        <section aria-labelledby="unclaimed">
          <h2 id="unclaimed">
            Not taken <small>{plural(unclaimed.length, 'file or table', 'files and tables')}</small>
          </h2>
          <p class="quiet">No source claims these. They stay where they are.</p>
          <ul class="files-found">
            {unclaimed.map((file) => (
              <li key={file}>
                <code>{file}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
