import type { StateContent } from '../hot/index.ts';

/** Which state, by all the names it has. */
export interface Name {
  readonly family: string;
  readonly key: string;
  /** In Redis. */
  readonly fullKey: string;
}

/** What a state is, wherever it stands. */
export type Content = Omit<StateContent, 'confirmedAtMs'>;

/** Whether the first is to be kept: a higher version, or the same one with a longer life. */
export function isNewer(one: Content, than: Content): boolean {
  if (one.version !== than.version) return one.version > than.version;
  return one.kind === 'value' && expiryOf(one) > expiryOf(than);
}

export function newest(...contents: readonly (Content | undefined)[]): Content | undefined {
  return contents.reduce((best, one) => {
    if (one === undefined || best === undefined) return one ?? best;
    return isNewer(one, best) ? one : best;
  }, undefined);
}

/** Whether a value is there to be given. */
export function isLive(content: Content | undefined, nowMs: number): content is Content {
  return content?.kind === 'value' && expiryOf(content) > nowMs;
}

function expiryOf({ expiresAtMs }: Content): number {
  return expiresAtMs ?? Number.POSITIVE_INFINITY;
}
