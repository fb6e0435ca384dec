import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ChildResult {
  stdout: string;
  elapsedMs: number;
  /** The most memory that the process itself held, in MiB; null where the system does not say. */
  peakMiB: number | null;
}

const POLL_MS = 25;

/** Runs a program to its end and watches its memory. Throws with its output when it fails. */
export async function runChild(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ChildResult> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let peak: number | null = null;
  // VmHWM is a high-water mark, so that the last look before the end is enough.
  const watch = setInterval(() => (peak = highWaterMark(child.pid) ?? peak), POLL_MS);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  clearInterval(watch);
  if (code !== 0)
    throw new Error(`${command} ended with ${code}: ${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  return { stdout, elapsedMs: performance.now() - started, peakMiB: peak };
}

function highWaterMark(pid: number | undefined): number | null {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) / 1024 : null;
  } catch {
    // The process has just ended, or the system has no /proc.
    return null;
  }
}
