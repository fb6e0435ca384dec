import type { RawResult, TransactionState } from '../connection.ts';
import type { ServerError } from '../errors.ts';

/**
 * The part of PostgreSQL's frontend/backend protocol (version 3) that is spoken with the embedded database.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** A reply to one request, read to its end. */
export interface Reply {
  /** The result of the last statement that completed. */
  readonly result: RawResult;
  readonly error: ServerError | undefined;
  /** Payloads of COPY … TO. */
  readonly copyData: readonly Uint8Array[];
  /** Absent when PostgreSQL did not come back to its loop: it is dead then. */
  readonly state: TransactionState | undefined;
}

const oneInt = 4;

/** One message: its type, its length and its body. */
function message(type: string, ...body: (string | Uint8Array)[]): Uint8Array[] {
  const parts = body.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const head = Buffer.alloc(1 + oneInt);
  head.write(type, 'latin1');
  head.writeInt32BE(oneInt + parts.reduce((sum, part) => sum + part.length, 0), 1);
  return [head, ...parts];
}

function int16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(oneInt);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Joined in a buffer of its own, which can be handed over to the other thread without a copy. */
function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * A COPY … FROM STDIN that was given as a plain statement would wait for data, which never comes: the embedded database
 * ends then. The message that the data failed is passed over by every other statement.
 */
function endOfCopy(sql: string): Uint8Array[] {
  return /\bstdin\b/i.test(sql) ? message('f', 'Give the data of a COPY to copyIn.\0') : [];
}

/** Statements without parameters: Query. */
export function simpleQuery(sql: string): Uint8Array<ArrayBuffer> {
  return join([...message('Q', `${sql}\0`), ...endOfCopy(sql)]);
}

/** One statement with parameters as text: Parse, Bind, Describe, Execute and Sync, in one go. */
export function statement(sql: string, params: readonly (string | null)[]): Uint8Array<ArrayBuffer> {
  const values = params.flatMap((value) => {
    if (value === null) return [int32(-1)];
    const bytes = Buffer.from(value);
    return [int32(bytes.length), bytes];
  });
  return join([
    ...message('P', `\0${sql}\0`, int16(0)),
    ...message('B', '\0\0', int16(0), int16(params.length), ...values, int16(0)),
    ...message('D', 'P\0'),
    ...message('E', '\0', int32(0)),
    ...endOfCopy(sql),
    ...message('S'),
  ]);
}

/** COPY … FROM STDIN with all of its data. */
export function copyInQuery(sql: string, chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const data = chunks.flatMap((chunk) => message('d', chunk));
  return join([...message('Q', `${sql}\0`), ...data, ...message('c')]);
}

interface Gathered {
  fields: RawResult['fields'];
  rows: (string | null)[][];
  result: RawResult;
  error: ServerError | undefined;
  copyData: Uint8Array[];
  state: TransactionState | undefined;
}

/** Reads every message of a reply. Notices and notifications are passed over. */
export function readReply(bytes: Uint8Array): Reply {
  const reader = new MessageReader(bytes);
  const gathered: Gathered = {
    fields: [],
    rows: [],
    result: { fields: [], rows: [], count: 0 },
    error: undefined,
    copyData: [],
    state: undefined,
  };
  while (reader.next()) gather(gathered, reader);
  const { result, error, copyData, state } = gathered;
  return { result, error, copyData, state };
}

function gather(into: Gathered, reader: MessageReader): void {
  switch (reader.type) {
    case 'T':
      into.fields = reader.fields();
      break;
    case 'D':
      into.rows.push(reader.row());
      break;
    case 'C':
      into.result = { fields: into.fields, rows: into.rows, count: countOf(reader.text()) };
      into.fields = [];
      into.rows = [];
      break;
    case 'd':
      into.copyData.push(reader.rest());
      break;
    case 'E':
      into.error ??= reader.error();
      break;
    case 'Z':
      into.state = stateOf(reader.text());
      break;
    default:
  }
}

/** A command tag ends in the number of rows when it has one: `INSERT 0 5`, `SELECT 2`, but `CREATE TABLE`. */
function countOf(tag: string): number {
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1));
  return Number.isNaN(count) ? 0 : count;
}

function stateOf(status: string): TransactionState {
  if (status === 'E') return 'failed';
  return status === 'T' ? 'open' : 'idle';
}

class MessageReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end = 0;
  type = '';

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(): boolean {
    const start = this.#end;
    if (start + 1 + oneInt > this.#bytes.length) return false;
    this.type = String.fromCharCode(this.#bytes[start]!);
    this.#at = start + 1 + oneInt;
    this.#end = start + 1 + this.#bytes.readInt32BE(start + 1);
    return true;
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  /** The body up to a zero byte, or to its end. */
  text(): string {
    const zero = this.#bytes.indexOf(0, this.#at);
    const end = zero === -1 || zero > this.#end ? this.#end : zero;
    const value = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  fields(): { name: string; typeOid: number }[] {
    return Array.from({ length: this.#int16() }, () => {
      const name = this.text();
      // Behind the name: table (4), column (2), type (4), size (2), modifier (4), format (2).
      const typeOid = this.#bytes.readUInt32BE(this.#at + 6);
      this.#at += 18;
      return { name, typeOid };
    });
  }

  row(): (string | null)[] {
    const values: (string | null)[] = [];
    for (let left = this.#int16(); left > 0; left -= 1) {
      const length = this.#bytes.readInt32BE(this.#at);
      this.#at += oneInt;
      if (length === -1) values.push(null);
      else {
        values.push(this.#bytes.toString('utf8', this.#at, this.#at + length));
        this.#at += length;
      }
    }
    return values;
  }

  /** Fields of an error, each behind one letter: see "Error and Notice Message Fields" of the protocol. */
  error(): ServerError {
    const found: Record<string, string> = {};
    while (this.#at < this.#end && this.#bytes[this.#at] !== 0) {
      const letter = String.fromCharCode(this.#bytes[this.#at]!);
      this.#at += 1;
      found[letter] = this.text();
    }
    return {
      severity: found['V'] ?? found['S'] ?? 'ERROR',
      code: found['C'] ?? 'XX000',
      message: found['M'] ?? 'no message',
      detail: found['D'],
      hint: found['H'],
      constraint: found['n'],
      column: found['c'],
      table: found['t'],
    };
  }

  #int16(): number {
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }
}
