import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { registerCertificate } from './migrate-certificate.ts';
import { registerInspect } from './migrate-inspect.ts';
import { registerQuarantine } from './migrate-quarantine.ts';
import { registerRehearse } from './migrate-rehearse.ts';
import { registerRun, registerVerify } from './migrate-run.ts';
import { registerStatus } from './migrate-status.ts';

export function registerMigrate(program: Command, context: Context): void {
  const migrate = program
    .command('migrate')
    .description('move an old data directory into PostgreSQL, and prove that nothing was lost');
  registerInspect(migrate, context);
  registerRehearse(migrate, context);
  registerRun(migrate, context);
  registerVerify(migrate, context);
  registerCertificate(migrate, context);
  registerStatus(migrate, context);
  registerQuarantine(migrate, context);
}
