import type { SourceReport } from './answers.ts';
import { count, plural } from '../../lib/format.ts';
import { FilePath } from './file-path.tsx';
import { Bar } from './verdict-panel.tsx';
import { storeName } from '../../lib/words.ts';
import { Section } from '../../ui/section.tsx';

/** The ledger: a line a source, in the order of loading, under the store that it went to. */
export function SourcesTable({ sources }: { sources: SourceReport[] }) {
  const stores = grouped(sources);
  return (
    <Section id="sources" title="Sources" note={plural(sources.length, 'source')}>
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="sources">
        <table class="ledger">
          <thead>
            <tr>
              <th scope="col">Store</th>
              <th scope="col">Source</th>
              <th scope="col" class="figure">
                Read
              </th>
              <th scope="col" class="figure">
                <span class="sign">=</span> Loaded
              </th>
              <th scope="col" class="figure">
                <span class="sign">+</span> Quarantined
              </th>
              <th scope="col" class="figure">
                <span class="sign">+</span> Skipped
              </th>
              <th scope="col" class="figure">
                Altered
              </th>
              <th scope="col">Verified</th>
              <th scope="col">Checksum</th>
              <th scope="col" class="figure">
                Rows/s
              </th>
              <th scope="col">Files</th>
            </tr>
          </thead>
          {[...stores].map(([store, members]) => (
            <tbody key={store}>
              {members.map((source, index) => (
                <tr key={source.id} class={source.read === 0 ? 'unused' : ''}>
                  {index === 0 && (
                    <th scope="rowgroup" rowSpan={members.length} class="store">
                      {storeName(store)}
                    </th>
                  )}
                  <SourceCells source={source} />
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </Section>
  );
}

/** By hand: browsers learnt Map.groupBy late, and the page is read on older ones too. */
function grouped(sources: SourceReport[]): Map<string, SourceReport[]> {
  const stores = new Map<string, SourceReport[]>();
  for (const source of sources) stores.set(source.store, [...(stores.get(source.store) ?? []), source]);
  return stores;
}

function SourceCells({ source }: { source: SourceReport }) {
  return (
    <>
      <th scope="row">
        <span class="source-id">{source.id}</span>
        <Bar {...source} />
      </th>
      <Figure value={source.read} />
      <Figure value={source.loaded} />
      <Figure value={source.quarantined} tone="quarantined" />
      <Figure value={source.skipped} why={source.skipped_reason} />
      <Figure value={source.altered} />
      <td>
        <Mark source={source} />
      </td>
      <td class="checksum" title={source.checksum ?? undefined}>
        {source.checksum?.slice(0, 8) ?? '–'}
      </td>
      <Figure value={Math.round(source.rows_per_second)} />
      <td class="files">
        <Files files={source.files} />
      </td>
    </>
  );
}

function Figure(props: { value: number; tone?: string; why?: string | null }) {
  const { value, tone = '', why = null } = props;
  return (
    <td class={`figure ${value === 0 ? 'none' : tone}`}>
      {count(value)}
      {value > 0 && why !== null && <small class="why">{why.replaceAll(',', ', ')}</small>}
    </td>
  );
}

function Mark({ source }: { source: SourceReport }) {
  if (source.read === 0) return <span class="mark none">empty</span>;
  if (source.verified) return <span class="mark yes">✓ verified</span>;
  return <span class="mark no">✗ not verified</span>;
}

function Files({ files }: { files: string[] }) {
  const [first, ...others] = files;
  if (first === undefined) return <span class="none">–</span>;
  if (others.length === 0) return <FilePath path={first} />;
  return (
    <details>
      <summary>{plural(files.length, 'file')}</summary>
      <ul>
        {files.map((file) => (
          <li key={file}>
            <FilePath path={file} />
          </li>
        ))}
      </ul>
    </details>
  );
}
