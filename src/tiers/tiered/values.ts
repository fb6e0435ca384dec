import { StockroomError } from '../../core/errors.ts';
import type { Codec } from './codec.ts';
import { compress, decompress } from './compression.ts';
import type { Payload } from './envelope.ts';
import { cloneValue, deepFreeze } from './isolate.ts';
import { type Checked, pathOf, type Schema } from './schema.ts';

/** Values of a namespace as text and back. */
export class Values<T> {
  readonly codec: Codec;
  readonly #schema: Schema<T> | undefined;
  readonly #aboveBytes: number | undefined;
  readonly #clone: boolean;

  constructor(
    codec: Codec,
    schema: Schema<T> | undefined,
    { compressAboveBytes, isolate }: { compressAboveBytes: number | undefined; isolate: 'freeze' | 'clone' },
  ) {
    this.codec = codec;
    this.#schema = schema;
    this.#aboveBytes = compressAboveBytes;
    this.#clone = isolate === 'clone';
  }

  /**
   * Only compressing takes time, and a schema that does.
   * @throws StockroomError INVALID_INPUT when it cannot be kept without loss or is not of the schema
   */
  encode(value: unknown): Payload | Promise<Payload> {
    if (this.#schema === undefined) return this.#encode(value);
    const checked = this.#schema['~standard'].validate(value);
    if (checked instanceof Promise) return checked.then((result) => this.#encode(ofSchema(result)));
    return this.#encode(ofSchema(checked));
  }

  #encode(value: unknown): Payload | Promise<Payload> {
    const encoded = this.codec.encode(value);
    const plain: Payload =
      typeof encoded === 'string' ? { form: 't', text: encoded } : { form: 'b', text: base64(encoded) };
    const above = this.#aboveBytes;
    return above === undefined || encoded.length <= above ? plain : this.#compressed(encoded, plain, above);
  }

  async #compressed(encoded: string | Uint8Array, plain: Payload, above: number): Promise<Payload> {
    const isText = typeof encoded === 'string';
    const packed = await compress(isText ? Buffer.from(encoded) : encoded, above);
    if (!packed.compressed) return plain;
    const text = base64(packed.bytes);
    return text.length < plain.text.length ? { form: isText ? 'z' : 'y', text } : plain;
  }

  /** Of what is not compressed. @throws StockroomError INVALID_INPUT */
  decode({ form, text }: Payload): unknown {
    return this.codec.decode(form === 't' ? text : Buffer.from(text, 'base64'));
  }

  /** @throws StockroomError INVALID_INPUT */
  async decodeAny(payload: Payload): Promise<unknown> {
    if (!isCompressed(payload)) return this.decode(payload);
    const bytes = await decompress(Buffer.from(payload.text, 'base64'));
    return this.codec.decode(payload.form === 'z' ? Buffer.from(bytes).toString() : bytes);
  }

  /** What came from Redis. @returns undefined when it cannot be read or is not of the schema */
  async read(payload: Payload): Promise<{ readonly value: unknown } | undefined> {
    try {
      const value = isCompressed(payload) ? await this.decodeAny(payload) : this.decode(payload);
      if (this.#schema === undefined) return { value };
      const checked = this.#schema['~standard'].validate(value);
      const result = checked instanceof Promise ? await checked : checked;
      return result.issues === undefined ? { value: result.value } : undefined;
    } catch {
      return undefined; // Counted as unreadable, and a miss: it is written anew.
    }
  }

  /** Makes a value that callers may share. @returns whether each has to be given a clone of its own */
  isolate(value: unknown): boolean {
    return this.#clone || !deepFreeze(value);
  }

  given(value: unknown, cloned: boolean): T {
    return (cloned ? cloneValue(value) : value) as T;
  }
}

function ofSchema(checked: Checked<unknown>): unknown {
  if (checked.issues === undefined) return checked.value;
  const paths = checked.issues.slice(0, 5).map(pathOf).join(', ');
  throw new StockroomError('INVALID_INPUT', `a value is not of the schema of its namespace, at ${paths}`);
}

export function isCompressed({ form }: Payload): boolean {
  return form === 'z' || form === 'y';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
