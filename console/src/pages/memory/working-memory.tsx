import { apiPath } from '../../lib/url.ts';
import { usePages } from '../../lib/use-pages.ts';
import { Empty } from '../../ui/empty.tsx';
import { Json } from '../../ui/json.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import type { Working } from './answers.ts';

export function WorkingMemory() {
  const pages = usePages<Working>(apiPath('/v1/memory/working', { limit: 50 }));
  return (
    <Section id="working" title="Working memory">
      {pages.items.length === 0 && !pages.loading && pages.error === undefined ? (
        <Empty title="No working memory is kept.">
          <p>
            An agent writes one a type: <code>PUT /v1/memory/working/TYPE</code>.
          </p>
        </Empty>
      ) : (
        <>
          <dl class="values">
            {pages.items.map(({ type, value }) => (
              <div key={type}>
                <dt>
                  <code>{type}</code>
                </dt>
                <dd>
                  <Json value={value} />
                </dd>
              </div>
            ))}
          </dl>
          <More pages={pages} what="The working memory" />
        </>
      )}
    </Section>
  );
}
