/** Where somebody is: a page and its filters. All of it stands in the hash, so that a URL can be shared. */
export interface Place {
  page: string;
  query: Readonly<Record<string, string>>;
}

/** `#/spend?days=30` as a place. What is malformed is left out; it never throws, since anybody may type a hash. */
export function placeOf(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2);
  const page = path.replaceAll(/[^a-z-]/g, '');
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) query[name] = value;
  return { page, query };
}

/** The shortest hash of a place: filters that are empty are left out, the rest in their order. */
export function hashOf({ page, query }: Place): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== '') search.set(name, value);
  const text = search.toString();
  return `#/${page}${text === '' ? '' : `?${text}`}`;
}

/** The place with some filters changed; `undefined` and the empty text remove one. */
export function changed(place: Place, changes: Readonly<Record<string, string | undefined>>): Place {
  const query: Record<string, string> = { ...place.query };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') delete query[name];
    else query[name] = value;
  }
  return { page: place.page, query };
}

/** A path of the API with its query; what is empty or undefined is left out. */
export function apiPath(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
