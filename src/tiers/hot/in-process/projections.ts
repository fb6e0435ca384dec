import type { ProjectionChange, ProjectionContent, Projections } from '../port.ts';
import type { Builds } from './builds.ts';
import { Fields } from './fields.ts';
import { Members } from './members.ts';
import { Ranking } from './ranking.ts';
import { requireScores } from './scores.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';
import { type Value, wrongKind } from './values.ts';

export function createProjections(space: Space, builds: Builds): Synchronous<Projections> {
  return {
    read: (key) => {
      const value = space.find(key);
      return value && contentOf(key, value);
    },
    apply: (key, change) => {
      const value = space.find(key);
      if (value !== undefined) applyTo(key, value, change);
      // Whoever builds may have read the rows before this move.
      builds.end(key);
      if (value === undefined) return false;
      space.changed(key);
      return true;
    },
    begin: (key, lifeMs) => builds.begin(key, lifeMs),
    replace: (key, epoch, content, expiresAtMs) => {
      if (!builds.isCurrent(key, epoch)) return false;
      space.set(key, valueOf(content), expiresAtMs);
      builds.end(key);
      return true;
    },
    place: (placed, expiresAtMs) => {
      for (const { key, content } of placed) {
        if (space.find(key) === undefined && !builds.isRunning(key))
          space.set(key, valueOf(content), expiresAtMs);
      }
    },
    drop: (key) => {
      space.delete(key);
      builds.end(key);
    },
  };
}

function contentOf(key: string, value: Value): ProjectionContent {
  switch (value.kind) {
    case 'text':
      return { kind: 'text', text: value.text };
    case 'hash':
      return { kind: 'hash', fields: value.all() };
    case 'set':
      return { kind: 'set', members: value.all() };
    case 'ranking':
      return { kind: 'ranking', members: value.all() };
    case 'entry':
    case 'epoch':
    case 'lease':
    case 'state':
    case 'backlog':
      throw wrongKind(key, value.kind, 'projection');
  }
}

function valueOf(content: ProjectionContent): Value {
  switch (content.kind) {
    case 'text':
      return { kind: 'text', text: content.text };
    case 'hash':
      return new Fields(content.fields);
    case 'set':
      return new Members(content.members);
    case 'ranking':
      requireScores(content.members);
      return new Ranking(content.members);
  }
}

function applyTo(
  key: string,
  value: Value,
  { set = {}, include = [], exclude = [] }: ProjectionChange,
): void {
  if (Object.keys(set).length > 0 && value.kind !== 'hash') throw wrongKind(key, value.kind, 'hash');
  if (include.length + exclude.length > 0 && value.kind !== 'set') throw wrongKind(key, value.kind, 'set');
  if (value.kind === 'hash') value.setAll(set);
  if (value.kind === 'set') {
    for (const member of include) value.include(member);
    for (const member of exclude) value.exclude(member);
  }
}
