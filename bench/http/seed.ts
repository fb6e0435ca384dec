import * as samples from '../stores/samples.js';

/** What is read, by a name for people. */
export interface Route {
  readonly title: string;
  readonly path: string;
}

export const routes: readonly Route[] = [
  { title: 'latest top picks', path: '/v1/top-picks/latest?universe=nifty50&mode=Intraday' },
  { title: 'one score', path: `/v1/scores/${samples.symbolOf(1)}` },
  { title: 'one level set', path: `/v1/levels/${samples.symbolOf(1)}?scope=M` },
];

/** Writes what the routes give through the API. @param url of a service that serves without a key */
export async function seed(url: string): Promise<void> {
  await send(url, 'POST', '/v1/top-picks/runs', samples.topPicks(0));
  const { analyzed_at: _, ...score } = samples.score(1, Date.now());
  await send(url, 'PUT', '/v1/scores', { scores: [score] });
  await send(url, 'PUT', routes[2]!.path, samples.levels(1));
}

async function send(url: string, method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** The text that each route gives. */
export async function answersOf(url: string): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (const { path } of routes) {
    const answer = await fetch(url + path);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${text}`);
    answers.set(path, text);
  }
  return answers;
}
