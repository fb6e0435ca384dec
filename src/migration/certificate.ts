import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StockroomError } from '../core/errors.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { readLedger } from './books.ts';
import { digest } from './ledger.ts';
import { readLoaded, type KeyRange } from './loaded-rows.ts';
import type { SourceDefinition } from './source.ts';
import { compareRows, type Difference } from './verify.ts';

const chunkSchema = z.object({
  unit: z.string(),
  ordinal: z.int(),
  first_key: z.string(),
  last_key: z.string(),
  loaded: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const certificateSchema = z.object({
  certificate: z.literal('stockroom.migration.v1'),
  issued_at: z.string(),
  tool_version: z.string(),
  schema_version: z.int(),
  directory: z.string(),
  exit: z.int(),
  sources: z.array(
    z.object({
      id: z.string(),
      files: z.array(z.string()),
      read: z.int(),
      loaded: z.int(),
      quarantined: z.int(),
      skipped: z.int(),
      altered: z.int(),
      checksum: z.string().nullable(),
      chunks: z.array(chunkSchema),
    }),
  ),
  unreadable: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** SHA-256 of everything above, as JSON with its members in this order. */
  digest: z.string(),
});

/** The proof of a run: what was read and loaded, and SHA-256 of every chunk of loaded rows. */
export type Certificate = z.infer<typeof certificateSchema>;
export type CertificateChunk = z.infer<typeof chunkSchema>;

export function sealCertificate(content: Omit<Certificate, 'digest' | 'certificate'>): Certificate {
  const body = { certificate: 'stockroom.migration.v1' as const, ...content };
  return { ...body, digest: digestOf(body) };
}

function digestOf(body: Omit<Certificate, 'digest'>): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(body)))
    .digest('hex');
}

/** The same value with the members of every object sorted, so that where it was stored does not matter. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, ordered(member)]),
  );
}

/** Reads a certificate, and refuses one that was changed. @throws StockroomError CERTIFICATE_INVALID */
export function parseCertificate(text: string): Certificate {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new StockroomError(
      'CERTIFICATE_INVALID',
      'the file is no JSON: give the file that migrate certificate printed',
      {
        cause: error,
      },
    );
  }
  const result = certificateSchema.safeParse(parsed);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new StockroomError(
      'CERTIFICATE_INVALID',
      `the file is no certificate: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }
  const { digest: stated, ...body } = result.data;
  if (digestOf(body) !== stated) {
    throw new StockroomError(
      'CERTIFICATE_INVALID',
      'the certificate was changed after it was issued: its digest does not fit',
    );
  }
  return result.data;
}

export interface CertificateCheck {
  ok: boolean;
  exit: 0 | 4;
  chunks: number;
  rows: number;
  differences: Difference[];
}

/** Compares what a certificate states with what is loaded now; the source is not needed. */
export async function checkCertificate(
  tier: DurableTier,
  certificate: Certificate,
  sources: readonly SourceDefinition[],
): Promise<CertificateCheck> {
  const check: CertificateCheck = { ok: true, exit: 0, chunks: 0, rows: 0, differences: [] };
  for (const stated of certificate.sources) {
    const source = sources.find((one) => one.id === stated.id);
    if (!source)
      throw new StockroomError(
        'SOURCE_UNKNOWN',
        `the certificate speaks of ${stated.id}, which this Stockroom does not know`,
      );
    for (const chunk of stated.chunks) {
      const found = await checkChunk(tier, source, chunk);
      check.chunks++;
      check.rows += chunk.loaded;
      check.differences.push(...found);
    }
  }
  check.ok = check.differences.length === 0;
  check.exit = check.ok ? 0 : 4;
  return check;
}

async function checkChunk(
  tier: DurableTier,
  source: SourceDefinition,
  chunk: CertificateChunk,
): Promise<Difference[]> {
  const range: KeyRange = {
    source,
    unit: chunk.unit,
    ordinal: chunk.ordinal,
    firstKey: chunk.first_key,
    lastKey: chunk.last_key,
  };
  return tier.session(async (session) => {
    const loaded = await readLoaded(session, range);
    if (loaded.length === chunk.loaded && digest(loaded).toString('hex') === chunk.sha256) return [];
    // The books say which rows differ, as long as they are those that the certificate was made of.
    const ledger = await readLedger(session, source.id, chunk.unit, chunk.ordinal);
    if (ledger.sha256().toString('hex') === chunk.sha256) return compareRows(range, ledger, loaded);
    return [
      {
        source: source.id,
        unit: chunk.unit,
        key: `${chunk.first_key}..${chunk.last_key}`,
        kind: 'different',
      },
    ];
  });
}
