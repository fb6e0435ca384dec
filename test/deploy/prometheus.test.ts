import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promtoolBinary } from '../support/binaries.ts';
import { namesIn } from './promql.ts';
import { fileOf, textOf } from './stack.ts';
import { readsYaml, yamlOf } from './yaml.ts';

const promtool = promtoolBinary();
const cases = readdirSync(fileOf('test/deploy')).filter((name) => /^alerts-.*\.test\.yml$/.test(name));

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}
interface RuleTests {
  rule_files: string[];
  tests: {
    name: string;
    input_series: { series: string }[];
    alert_rule_test: { alertname: string; eval_time: string; exp_alerts: unknown[] }[];
  }[];
}

const rules = readsYaml ? (yamlOf('deploy/alerts.yml') as Rules).groups.flatMap((group) => group.rules) : [];
const ruleTests = readsYaml
  ? cases.flatMap((name) => (yamlOf(`test/deploy/${name}`) as RuleTests).tests)
  : [];
const rulesFound = `${textOf('deploy/alerts.yml').match(/- alert: /g)?.length} rules found`;

/** @returns the exit code, and all that was said */
function check(args: readonly string[], cwd: string): [number | null, string] {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { cwd, encoding: 'utf8', timeout: 50_000 });
  return [status, stdout + stderr];
}

describe.skipIf(promtool === undefined)('promtool', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-prometheus-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** Files of the container, where they are here. */
  function writeConfig(text: string): void {
    const key = join(scratch, 'api_key_metrics');
    writeFileSync(key, 'a-key\n');
    writeFileSync(join(scratch, 'prometheus.yml'), text.replaceAll('/run/secrets/api_key_metrics', key));
    copyFileSync(fileOf('deploy/alerts.yml'), join(scratch, 'alerts.yml'));
  }

  it('takes prometheus.yml, with its rules', () => {
    writeConfig(textOf('deploy/prometheus.yml'));
    const [status, said] = check(['check', 'config', 'prometheus.yml'], scratch);
    expect(said).toContain(rulesFound);
    expect(said).toContain('prometheus.yml is valid prometheus config file syntax');
    expect(status).toBe(0);
  });

  it.each([
    ['a field that there is not', 'credentials_file:', 'credentials_fil:'],
    ['a key that is not there', '/run/secrets/api_key_metrics', '/run/secrets/no-key'],
    ['rules that are not there', 'alerts.yml', 'alarms.yml'],
  ])('refuses %s', (_, present, wrong) => {
    const text = textOf('deploy/prometheus.yml');
    expect(text).toContain(present);
    writeConfig(text.replaceAll(present, wrong));
    expect(check(['check', 'config', 'prometheus.yml'], scratch)[0]).not.toBe(0);
  });

  it('takes alerts.yml, and finds nothing to complain of', () => {
    const [status, said] = check(['check', 'rules', '--lint-fatal', fileOf('deploy/alerts.yml')], scratch);
    expect([status, said]).toEqual([0, expect.stringContaining(`SUCCESS: ${rulesFound}`)]);
  });

  describe('over series', () => {
    let directory: string;
    beforeAll(() => {
      directory = mkdtempSync(join(scratch, 'series-'));
      // A case says what an alert tells; what to do about it is the same each time.
      const told = textOf('deploy/alerts.yml').replace(/^ {10}(?:action|runbook): .*\n/gm, '');
      writeFileSync(join(directory, 'alerts.yml'), told);
      for (const name of cases) copyFileSync(fileOf(`test/deploy/${name}`), join(directory, name));
    });

    it.each(cases)('%s: alerts fire when they should, and only then', (name) => {
      expect(check(['test', 'rules', name], directory)).toEqual([0, expect.stringContaining('SUCCESS')]);
    });
  });
});

describe.skipIf(!readsYaml)('the cases of the alerts', () => {
  it('are two at the least for each alert: one that fires, and one that does not', () => {
    const lacking = rules.flatMap(({ alert }) => {
      const asked = ruleTests.flatMap((test) =>
        test.alert_rule_test.filter(({ alertname }) => alertname === alert),
      );
      const fires = asked.some(({ exp_alerts }) => exp_alerts.length > 0);
      const keepsQuiet = asked.some(({ exp_alerts }) => exp_alerts.length === 0);
      return [...(fires ? [] : [`${alert} never fires`]), ...(keepsQuiet ? [] : [`${alert} is never quiet`])];
    });
    expect(lacking).toEqual([]);
  });

  it('speak of alerts that there are, over series that these ask for', () => {
    const asked = new Map(rules.map(({ alert, expr }) => [alert, namesIn(expr).map(({ metric }) => metric)]));
    const strange = ruleTests.flatMap((test) => {
      const alerts = [...new Set(test.alert_rule_test.map(({ alertname }) => alertname))];
      const known = alerts.flatMap((alert) => asked.get(alert) ?? []);
      const series = test.input_series.map((input) => input.series.split('{')[0]!);
      return [
        ...alerts.filter((alert) => !asked.has(alert)),
        ...series.filter((name) => !known.includes(name)).map((name) => `${test.name}: ${name}`),
      ];
    });
    expect(strange).toEqual([]);
  });
});
