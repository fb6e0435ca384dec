import { useEffect, useRef } from 'preact/hooks';
import { pages } from '../pages.ts';

export function Navigation({ current }: { current: string | undefined }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // On a narrow screen the list scrolls: the page that is open should be in sight.
    const show = (): void => {
      const link = list.current?.querySelector<HTMLElement>('[aria-current]');
      if (link === null || link === undefined || list.current === null) return;
      list.current.scrollLeft = link.offsetLeft - (list.current.clientWidth - link.offsetWidth) / 2;
    };
    show();
    addEventListener('resize', show);
    return () => removeEventListener('resize', show);
  }, [current]);
  return (
    <nav class="pages" aria-label="Pages">
      <ul ref={list}>
        {pages.map(({ id, name }) => (
          <li key={id}>
            <a href={`#/${id}`} {...(id === current ? { 'aria-current': 'page' as const } : {})}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
