import { Command, CommanderError, Help, type Option } from 'commander';
import { version } from '../core/version.ts';
import { registerArchive } from './commands/archive.ts';
import { registerBackup } from './commands/backup.ts';
import { registerCapture } from './commands/capture.ts';
import { registerCleanup } from './commands/cleanup.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerExport } from './commands/export.ts';
import { registerFollow } from './commands/follow.ts';
import { registerHot } from './commands/hot.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerRestore } from './commands/restore.ts';
import { registerSample } from './commands/sample.ts';
import { registerServe } from './commands/serve.ts';
import { registerStage } from './commands/stage.ts';
import { registerStart } from './commands/start.ts';
import { type Context, createContext } from './context.ts';
import { reportFailure } from './failure.ts';
import { applyVariables, Flag } from './flags.ts';
import { explain } from './help.ts';
import type { Io } from './io.ts';
import { SettingFlag } from './settings.ts';

/**
 * Runs one call of the command line. Never throws, and never ends the process: that is for whoever calls it.
 *
 * @param argv without the names of Node.js and the script
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const context = createContext(io);
  const program = createProgram(context);
  context.called = calledIn(program, argv);
  context.json =
    /^(?:migrate|capture|follow|stage|cleanup|backup|restore|doctor|hot|export|archive|jobs)\b/.test(
      context.called,
    ) && wantsJson(argv, io.env);
  try {
    return await context.lifetime.run(async () => {
      await program.parseAsync([...argv], { from: 'user' });
      return context.exit;
    });
  } catch (error) {
    const asked = error instanceof CommanderError && error.exitCode === 0;
    return asked ? 0 : reportFailure(io, error, context);
  }
}

function createProgram(context: Context): Command {
  const { io } = context;
  const program = new Command('stockroom')
    .description('The data layer of a stock-picking backend: history in PostgreSQL, and a proven way there.')
    .version(version, '-V, --version', 'print the version')
    .exitOverride()
    .configureHelp({ optionDescription })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // What is wrong is said by reportFailure, with a code and in one line.
      outputError: () => undefined,
    })
    .hook('preAction', (_program, command) => {
      applyVariables(command, io.env);
      context.json = command.opts<{ json?: boolean }>().json === true;
    });
  explain(program, {
    examples: [
      { line: 'stockroom start --demo', does: 'see all of it on made-up data' },
      { line: 'stockroom migrate inspect ../old-app', does: 'what is in an old directory' },
      { line: 'stockroom start --legacy ../old-app', does: 'migrate it, verify it, serve it' },
    ],
    exits: [0, 1, 2, 3, 4, 130],
  });
  registerStart(program, context);
  registerServe(program, context);
  registerSample(program, context);
  registerMigrate(program, context);
  registerCapture(program, context);
  registerFollow(program, context);
  registerStage(program, context);
  registerCleanup(program, context);
  registerHot(program, context);
  registerExport(program, context);
  registerArchive(program, context);
  registerJobs(program, context);
  registerBackup(program, context);
  registerRestore(program, context);
  registerDoctor(program, context);
  return program;
}

function optionDescription(this: Help, option: Option): string {
  const text = new Help().optionDescription(option);
  return option instanceof Flag || option instanceof SettingFlag ? `${text} [${option.variable}]` : text;
}

/** The command that the arguments begin with, also when the rest of them is wrong. */
function calledIn(program: Command, argv: readonly string[]): string {
  const names: string[] = [];
  let command: Command | undefined = program;
  for (const word of argv) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(' ');
}

/** Whether JSON is asked for, before anything is checked: a failure to read the arguments is told as one as well. */
function wantsJson(argv: readonly string[], env: Io['env']): boolean {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.includes('--json') || /^(?:1|true|yes)$/i.test(env['STOCKROOM_JSON']?.trim() ?? '');
}
