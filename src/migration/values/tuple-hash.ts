import type { TupleView } from '../../tiers/durable/copy-binary.ts';
import type { Alteration } from '../source.ts';
import type { RowHash } from './row-hash.ts';

/**
 * Hashes a tuple from its second field on (the first, legacy_source, says where the row was found, not what it is),
 * then the bytes kept beside it. `json` takes a document's own hash into `hash`.
 */
export function hashTuple(
  hash: RowHash,
  view: TupleView,
  isJson: readonly boolean[],
  alterations: readonly Alteration[],
  json: (view: TupleView, field: number) => void,
): void {
  hash.reset();
  const { buffer, offsets, fields } = view;
  let from = offsets[1]!;
  for (let field = 1; field < fields; field++) {
    if (!isJson[field]) continue;
    const at = offsets[field]!;
    hash.bytes(buffer, from, at);
    from = offsets[field + 1]!;
    if (buffer.readInt32BE(at) < 0) hash.word(-1);
    else json(view, field);
  }
  hash.bytes(buffer, from, offsets[fields]!);
  if (alterations.length > 0) hashAlterations(hash, alterations);
  hash.finish();
}

function hashAlterations(hash: RowHash, alterations: readonly Alteration[]): void {
  const sorted = [...alterations].sort((x, y) => (x.column < y.column ? -1 : 1));
  for (const { column, bytes } of sorted) {
    const name = Buffer.from(column);
    hash.bytes(name, 0, name.length);
    hash.word(bytes.length);
    hash.bytes(bytes, 0, bytes.length);
  }
}
