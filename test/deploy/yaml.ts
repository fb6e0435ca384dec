import { execFileSync, spawnSync } from 'node:child_process';
import { textOf } from './stack.ts';

const LOAD = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
const read = new Map<string, string>();

/** Whether YAML can be read here: Python and its package yaml do it. */
export const readsYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0;

/** What a YAML file of the repository holds, each time anew. */
export function yamlOf(path: string): unknown {
  const json =
    read.get(path) ?? execFileSync('python3', ['-c', LOAD], { input: textOf(path), encoding: 'utf8' });
  read.set(path, json);
  return JSON.parse(json);
}
