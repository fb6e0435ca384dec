import { type Envelope, type Payload, sealed } from './envelope.ts';
import type { Fill } from './ground.ts';
import { isHotError } from '../hot/index.ts';
import type { Copy } from './l1.ts';
import type { Mark } from './marks.ts';
import type { Namespace } from './namespace.ts';
import type { Policy } from './policy.ts';
import { isCompressed } from './values.ts';

/** How values of a namespace get into Redis: written by a caller, or filled in after a factory made them. */
export class Writes<T> {
  readonly #space: Namespace<T>;

  constructor(space: Namespace<T>) {
    this.#space = space;
  }

  /** Writes one value. @returns whether Redis acknowledged it */
  async write(
    key: string,
    payload: Payload,
    policy: Policy,
    tags: readonly string[] | undefined,
  ): Promise<boolean> {
    const undisturbed = this.#space.writing(key);
    const fullKey = this.#space.fullKey(key);
    const { ttlMs } = policy;
    let marks: readonly Mark[] = [];
    let version: string | undefined;
    let envelope: Envelope | undefined;
    try {
      const own = tags === undefined ? this.#space.marks.knownOne(this.#space.marks.all) : undefined;
      marks = own === undefined ? await this.#marksOf(tags) : [own];
      const [made, expiresAtMs] = this.#envelope(payload, policy, ttlMs, marks);
      envelope = made;
      version = await this.#space.hot.entries.write(fullKey, sealed(envelope), expiresAtMs, this.#space.feed);
    } catch (error) {
      if (!isHotError(error)) throw error;
      this.#space.remember([fullKey]);
    }
    envelope ??= this.#envelope(payload, policy, ttlMs, marks)[0];
    if (undisturbed()) this.#keepWritten(key, envelope, marks, version);
    return version !== undefined;
  }

  async #marksOf(tags: readonly string[] = []): Promise<Mark[]> {
    const { marks } = this.#space;
    return marks.ensure([marks.all, ...new Set(tags.map((tag) => marks.keyOf(tag)))]);
  }

  #keepWritten(key: string, envelope: Envelope, marks: readonly Mark[], version: string | undefined): void {
    // What has to be inflated is read again by whoever asks.
    if (isCompressed(envelope.payload)) return;
    const copy = this.#space.copyOf(undefined, envelope, marks);
    copy.undecoded = envelope.payload;
    if (version === undefined) this.#space.keepAlone(key, copy, performance.now());
    else this.#space.keep(key, copy, this.#space.era);
  }

  /** What is written: the text of the entry, and until when Redis keeps it. */
  #envelope(payload: Payload, policy: Policy, ttlMs: number, marks: readonly Mark[]): [Envelope, number] {
    const createdAt = Date.now();
    const freshUntil = createdAt + Math.max(1, ttlMs * (1 - Math.random() * policy.jitter));
    const tags = marks.slice(1).map(({ key, version }) => [this.#space.marks.tagOf(key), version] as const);
    const mark = marks[0]?.version ?? '';
    const stale = Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs);
    const envelope = { codec: this.#space.values.codec.id, payload, createdAt, freshUntil, mark, tags };
    return [envelope, freshUntil + stale];
  }

  /** Stores what a factory made, where it may be. */
  async fill({
    key,
    made,
    policy,
    expected,
    since,
    overtaken,
  }: Fill): Promise<{ copy: Copy; stored: boolean }> {
    const ttlMs = made.ttlMs ?? (made.value === null ? policy.negativeTtlMs : undefined) ?? policy.ttlMs;
    if (made.value === undefined) return { copy: this.#nothing(), stored: false };
    const payload = await this.#space.values.encode(made.value);
    const era = this.#space.era;
    const marks = expected === undefined ? undefined : await this.#marksFor(made);
    const [envelope, expiresAt] = this.#envelope(payload, policy, ttlMs, marks ?? []);
    const value = await this.#space.values.decodeAny(payload);
    const copy = this.#space.copyOf(value, envelope, marks ?? []);
    if (expected === undefined) {
      if (!overtaken()) this.#space.keepAlone(key, copy, since);
      return { copy, stored: false };
    }
    const stored = marks !== undefined && (await this.#fillIn(key, expected, envelope, expiresAt));
    // Redis tells us of our own fills: the copy would be dropped at once.
    const echoed = this.#space.hot.coherence.mode === 'tracking';
    if (stored && !echoed && !overtaken()) this.#space.keep(key, copy, era);
    return { copy, stored };
  }

  async #fillIn(key: string, expected: string, envelope: Envelope, expiresAt: number): Promise<boolean> {
    const { hot, counts, feed } = this.#space;
    try {
      const body = sealed(envelope);
      const stored = await hot.entries.fill(this.#space.fullKey(key), expected, body, expiresAt, feed);
      if (!stored) counts.fillsRefused += 1;
      return stored;
    } catch (error) {
      if (!isHotError(error)) throw error;
      // Should it happen late, then under its claim: never over what somebody else wrote.
      counts.withoutRedis += 1;
      return false;
    }
  }

  /** @returns undefined when the value may depend on a tag that was dropped since the factory began, or Redis is away */
  async #marksFor({ marks, tags, anyTag }: Fill['made']): Promise<Mark[] | undefined> {
    if (marks === undefined) return undefined;
    const known = new Set(marks.map(({ key }) => key));
    const late = [...new Set(tags.map((tag) => this.#space.marks.keyOf(tag)))].filter(
      (key) => !known.has(key),
    );
    if (late.length === 0) return [...marks];
    try {
      const learnt = await this.#space.marks.ensure(late);
      // Asked for, since what is known may be old: that a tag was dropped may be told later than the tag was learnt.
      if ((await this.#space.hot.entries.mark(this.#space.marks.anyTag)) === anyTag)
        return [...marks, ...learnt];
      this.#space.counts.fillsRefused += 1;
      return undefined;
    } catch (error) {
      if (!isHotError(error)) throw error;
      return undefined;
    }
  }

  #nothing(): Copy {
    const envelope = {
      codec: '',
      payload: { form: 't', text: '' },
      createdAt: 0,
      freshUntil: 0,
      mark: '',
      tags: [],
    } as const;
    return this.#space.copyOf(undefined, envelope, []);
  }
}
