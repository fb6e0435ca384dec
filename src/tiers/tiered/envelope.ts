import { keyPart, partOf } from '../hot/index.ts';

/** What stands in Redis beside a value. */
export interface Envelope {
  /** The codec that wrote the payload. */
  readonly codec: string;
  readonly payload: Payload;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly freshUntil: number;
  /** The version of the namespace's mark when the value was looked up. */
  readonly mark: string;
  /** The versions of its tags' marks then. */
  readonly tags: readonly (readonly [tag: string, version: string])[];
}

/** `t`: text; `b`: bytes in base 64; `z` and `y`: compressed text and bytes, in base 64. */
export type Form = 't' | 'b' | 'z' | 'y';

export interface Payload {
  readonly form: Form;
  readonly text: string;
}

/** One line of fields, then the payload. Redis gives text twice as fast as bytes, so bytes are written as text. */
export function sealed({ codec, payload, createdAt, freshUntil, mark, tags }: Envelope): string {
  const life = Math.round(freshUntil - createdAt).toString(36);
  const names = tags.length === 0 ? '' : tags.map(([tag, version]) => `${tagPart(tag)}=${version}`).join(',');
  const created = Math.round(createdAt).toString(36);
  return `${payload.form}${codec} ${created} ${life} ${mark} ${names}\n${payload.text}`;
}

/** @returns undefined when it is of another form */
export function opened(body: string): Envelope | undefined {
  const end = body.indexOf('\n');
  const [codec = '', created = '', life = '', mark = '', names] = body.slice(0, Math.max(end, 0)).split(' ');
  const form = codec[0] as Form;
  if (names === undefined || !'tbzy'.includes(form)) return undefined;
  const createdAt = Number.parseInt(created, 36);
  const freshUntil = createdAt + Number.parseInt(life, 36);
  if (Number.isNaN(freshUntil)) return undefined;
  const payload = { form, text: body.slice(end + 1) };
  return { codec: codec.slice(1), payload, createdAt, freshUntil, mark, tags: tagsOf(names) };
}

function tagsOf(names: string): [string, string][] {
  if (names === '') return [];
  return names.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [partOf(pair.slice(0, at)), pair.slice(at + 1)];
  });
}

/** A tag as a part of a key has nothing in it that separates here, but for these. */
function tagPart(tag: string): string {
  return keyPart(tag).replace(/[ ,=]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
}
