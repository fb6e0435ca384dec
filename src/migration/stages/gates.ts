import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../../core/wait.ts';
import type { Ground } from './ground.ts';
import { owed } from './new-side.ts';
import { proveStore, type Proof } from './prove.ts';
import { type Replayer, Superseded } from './replay.ts';
import { breaches, noReads, type ReadCounts, READS_THAT_AGREE, readsSince } from './reads.ts';
import { shadowReads } from './shadow.ts';
import type { Stage, StageRow } from './stage.ts';

/** What a move asks for, and what was found. */
export interface Gate {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
  /** `--force` does not open it: without it acknowledged writes would be lost. */
  readonly hard: boolean;
}

/** How long files of JSON must have rested: their writer cannot be fenced, so it has to have stopped. */
const REST_MS = 10_000;
/** Times that another replayer is taken over, and the pause before each. */
const TAKE_OVERS = 20;
const AGAIN_MS = 50;

const gate = (name: string, passed: boolean, detail: string, hard = false): Gate => ({
  name,
  passed,
  detail,
  hard,
});

/** Whether every write of the old application is seen, and can be refused. */
export function captureGate({ side }: Ground): Gate {
  const bare = side.unfenced();
  const detail =
    bare.length === 0 ? `${side.databases.length} databases` : `triggers are gone from ${bare.join(', ')}`;
  return gate('capture', bare.length === 0, detail, true);
}

export function unreadableGate(unreadable: readonly string[]): Gate {
  return gate('readable', unreadable.length === 0, unreadable.join('; ') || 'every file', true);
}

/** Whether both sides hold the same rows. */
export function proofGate(proof: Proof): Gate {
  const named = proof.named.map(({ source, key, verdict }) => `${source} ${key} (${verdict})`);
  const aside = proof.aside === 0 ? '' : `, ${proof.aside} set aside`;
  const detail =
    proof.differing === 0
      ? `${proof.rows} rows are the same${aside}`
      : `${proof.differing} of ${proof.rows} rows differ: ${named.slice(0, 5).join(', ')}`;
  return gate('verified', proof.differing === 0, detail);
}

/**
 * Whether the last reads of both sides agreed; those that are missing to the number are made now. A read that got no answer,
 * since a side was away, says nothing about the rows: then as many are made again.
 */
export async function readsGate(
  ground: Ground,
  row: StageRow,
  settle: () => Promise<unknown>,
): Promise<Gate> {
  const before = await readsSince(ground.tier, ground.store, row.epoch);
  const unanswered = before.error + before.timeout;
  const needed = unanswered > 0 ? READS_THAT_AGREE : READS_THAT_AGREE - before.match - before['in flight'];
  const made = needed > 0 ? await shadowReads(ground, row.epoch, needed, settle) : noReads();
  const counts = needed > 0 ? await readsSince(ground.tier, ground.store, row.epoch) : before;
  const failed = breaches(counts) + made.error + made.timeout;
  return gate('reads', failed === 0, readsText(counts));
}

export function readsText(counts: ReadCounts): string {
  const told = Object.entries(counts).filter(([result, reads]) => reads > 0 || result === 'match');
  return told.map(([result, reads]) => `${reads} ${result}`).join(', ');
}

/** Files of JSON have no transaction to fence in: whoever writes them must have stopped. */
export function restGate({ side }: Ground, nowMs: number): Gate | null {
  const files = [...side.documents.values()].flat();
  if (files.length === 0) return null;
  // A time of change ahead of a clock that was set back says nothing about now.
  const restless = files.filter(
    (path) => Math.abs(nowMs - (changedMs(join(side.directory, path)) ?? 0)) < REST_MS,
  );
  const detail =
    restless.length === 0
      ? `${files.length} JSON files have rested for ${REST_MS / 1000} s; they cannot be fenced: their writer must have stopped`
      : `${restless.slice(0, 3).join(', ')} changed within ${REST_MS / 1000} s: stop their writer first, they cannot be fenced`;
  return gate('files rest', restless.length === 0, detail);
}

function changedMs(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Whether the old side has what it is owed. */
export async function owedGate(ground: Ground): Promise<Gate> {
  const { waiting, refused } = await owed(ground.tier, ground.store);
  const detail =
    refused === 0 ? `${waiting} writes wait` : `${waiting} writes wait, ${refused} were refused there`;
  return gate('nothing owed', waiting === 0, detail, true);
}

export function rampGate(row: StageRow): Gate {
  return gate('ramp', row.ramp === 100, `${row.ramp} % of the reads come here`);
}

/** Replays until nothing waits, or nothing moves any more; whoever replays beside it and takes a file over is taken over. */
export async function drain(newReplayer: () => Replayer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const replayer = newReplayer();
      for (;;) {
        const { rows, refused } = await replayer.batch();
        if (rows + refused === 0) break;
      }
      await replayer.batch(true);
      return;
    } catch (error) {
      if (!(error instanceof Superseded) || attempt === TAKE_OVERS) throw error;
      await pause(AGAIN_MS);
    }
  }
}

/** What stands before the next stage, for `stage show`; it reads every row. */
export async function gatesFor(
  ground: Ground,
  row: StageRow | null,
  to: Stage,
  settle: () => Promise<unknown>,
  onRows: (rows: number) => void,
): Promise<Gate[]> {
  const rest = to === 'live' ? restGate(ground, Date.now()) : null;
  const cheap = [captureGate(ground), ...(rest === null ? [] : [rest])];
  if (to === 'ramp-down') cheap.push(rampGate(row!));
  // Reading every row says nothing where writes go by unseen.
  if (cheap.some(({ passed, hard }) => !passed && hard)) return cheap;
  await settle();
  const proven = proofGate(await proveStore(ground, settle, onRows));
  if (row === null || to === 'dual-write' || to === 'shadow') return [...cheap, proven];
  return [...cheap, proven, await readsGate(ground, row, settle)];
}
