import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf, StockroomError } from '../../core/errors.ts';
import { act, type Context, withTier } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { renderCheck } from '../render/state.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

export function registerCertificate(parent: Command, context: Context): void {
  const command = parent
    .command('certificate')
    .description('print the proof of the last run as JSON, or compare one with what is loaded now')
    .addOption(new Flag('--check <file>', 'STOCKROOM_CHECK', 'a certificate as this command printed it'))
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom migrate certificate > certificate.json', does: 'keep the proof' },
      {
        line: 'stockroom migrate certificate --check certificate.json',
        does: 'exit code 4 when a row differs',
      },
    ],
    exits: [0, 1, 2, 4],
  });
  act(context, command, async () => {
    const { check: file } = command.opts<{ check?: string }>();
    return file === undefined ? printCertificate(context, command) : checkFile(context, command, file);
  });
}

async function printCertificate(context: Context, command: Command): Promise<number> {
  const { lastCertificate } = await import('../../migration/index.ts');
  const config = configOf(command, context.io.env);
  writeJson(context.io.stdout, await withTier(context, config, lastCertificate));
  return 0;
}

async function checkFile(context: Context, command: Command, file: string): Promise<number> {
  const { builtInSources, checkCertificate, parseCertificate } = await import('../../migration/index.ts');
  const config = configOf(command, context.io.env);
  const certificate = parseCertificate(await readText(file));
  const check = await withTier(context, config, (tier) =>
    checkCertificate(tier, certificate, builtInSources),
  );
  if (context.json) writeJson(context.io.stdout, check);
  else writeLines(context.io.stdout, renderCheck(check, certificate, context.colors));
  return check.exit;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StockroomError(
      'CERTIFICATE_INVALID',
      `${file} cannot be read (${messageOf(error)}): give the file that migrate certificate printed`,
      { cause: error, details: { file } },
    );
  }
}
