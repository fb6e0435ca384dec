import type { KeyLook, LookBounds, ProjectionContent } from '../port.ts';
import type { Space } from './space.ts';
import type { Value } from './values.ts';

/** Named as Redis would: what has a meaning of its own here is a string there. */
const types = { text: 'string', hash: 'hash', set: 'set', ranking: 'zset' } as const;

export function lookAt(space: Space, key: string, bounds: LookBounds): KeyLook | undefined {
  const held = space.look(key);
  if (held === undefined) return undefined;
  const { expiresAtMs, bytes } = held;
  const whole = contentOf(held.value);
  const length = lengthOf(whole);
  const large = whole.kind !== 'text' && bytes > bounds.maxBytes;
  const content = large ? undefined : cut(whole, bounds);
  return {
    type: types[whole.kind],
    lifeMs: Number.isFinite(expiresAtMs) ? Math.max(0, expiresAtMs - space.now()) : undefined,
    bytes,
    length,
    content,
    complete: content !== undefined && lengthOf(content) === length && sizeOf(content) === sizeOf(whole),
  };
}

function contentOf(value: Value): ProjectionContent {
  switch (value.kind) {
    case 'text':
      return value;
    case 'hash':
      return { kind: 'hash', fields: value.all() };
    case 'set':
      return { kind: 'set', members: value.all() };
    case 'ranking':
      return { kind: 'ranking', members: value.all() };
    case 'entry': {
      const { entry } = value;
      return { kind: 'text', text: entry.kind === 'value' ? entry.body : '' };
    }
    case 'state':
      return { kind: 'text', text: value.state.kind === 'claim' ? '' : value.state.body };
    case 'epoch':
      return { kind: 'text', text: value.epoch };
    case 'lease':
      return { kind: 'text', text: value.token };
    case 'backlog':
      return { kind: 'text', text: JSON.stringify({ atMs: value.atMs, aheadMs: value.aheadMs }) };
  }
}

function lengthOf(content: ProjectionContent): number {
  if (content.kind === 'text') return content.text.length;
  return content.kind === 'hash' ? Object.keys(content.fields).length : content.members.length;
}

/** Of all texts together. */
function sizeOf(content: ProjectionContent): number {
  const sum = (texts: readonly string[]): number => texts.reduce((total, { length }) => total + length, 0);
  if (content.kind === 'text') return content.text.length;
  if (content.kind === 'hash') return sum(Object.entries(content.fields).flat());
  return content.kind === 'set' ? sum(content.members) : sum(content.members.map(({ id }) => id));
}

function cut(content: ProjectionContent, { maxItems, maxTextLength }: LookBounds): ProjectionContent {
  const short = (text: string): string => text.slice(0, maxTextLength);
  switch (content.kind) {
    case 'text':
      return { kind: 'text', text: short(content.text) };
    case 'hash': {
      const fields = Object.entries(content.fields).slice(0, maxItems);
      return {
        kind: 'hash',
        fields: Object.fromEntries(fields.map(([name, text]) => [short(name), short(text)])),
      };
    }
    case 'set':
      return { kind: 'set', members: content.members.slice(0, maxItems).map(short) };
    case 'ranking': {
      const highest = content.members.toSorted(
        (one, other) => other.score - one.score || (one.id < other.id ? 1 : -1),
      );
      return {
        kind: 'ranking',
        members: highest.slice(0, maxItems).map(({ id, score }) => ({ id: short(id), score })),
      };
    }
  }
}
