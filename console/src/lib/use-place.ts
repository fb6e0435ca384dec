import { useEffect, useState } from 'preact/hooks';
import { changed, hashOf, type Place, placeOf } from './url.ts';

const listeners = new Set<(place: Place) => void>();
const tell = (): void => {
  const place = placeOf(location.hash);
  for (const listener of listeners) listener(place);
};
addEventListener('hashchange', tell);
addEventListener('popstate', tell);

/** Goes there. A filter that is typed replaces the entry of the history, so that Back leaves the page. */
export function go(place: Place, { replace = false }: { replace?: boolean } = {}): void {
  const hash = hashOf(place);
  if (hash === location.hash) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', hash);
  tell();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    listeners.add(setPlace);
    return () => {
      listeners.delete(setPlace);
    };
  }, []);
  return place;
}

export type Filters<Name extends string> = Record<Name, string>;

/** The filters of a page with their defaults; a filter at its default is not in the URL. */
export function useFilters<Name extends string>(
  defaults: Readonly<Record<Name, string>>,
): [Filters<Name>, (changes: Partial<Filters<Name>>, options?: { replace?: boolean }) => void] {
  const place = usePlace();
  const names = Object.keys(defaults) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, place.query[name] ?? defaults[name]]));
  const set = (changes: Partial<Filters<Name>>, options?: { replace?: boolean }): void => {
    const short = Object.fromEntries(
      Object.entries<string | undefined>(changes).map(([name, value]) => [
        name,
        value === defaults[name as Name] ? undefined : value,
      ]),
    );
    go(changed(placeOf(location.hash), short), options);
  };
  return [values as Filters<Name>, set];
}
