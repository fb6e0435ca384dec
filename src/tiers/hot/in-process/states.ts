import type { Standing, StandingState, StateContent, States } from '../port.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';
import { unique } from './unique.ts';
import type { StateClaim } from './values.ts';

export function createStates(space: Space): Synchronous<States> {
  const find = (key: string): StandingState | StateClaim | undefined => space.get(key, 'state')?.state;
  const set = (key: string, state: StandingState): StandingState => {
    space.set(key, { kind: 'state', state }, state.expiresAtMs);
    return state;
  };
  const write = (key: string, content: StateContent): StandingState =>
    // A space has one life: what it holds is believed.
    set(key, { ...content, token: unique('S'), believed: true });
  return {
    read: (key) => standingOf(find(key)),
    put: (key, content) => {
      const before = find(key);
      const written = before === undefined || before.kind === 'claim' || before.version < content.version;
      if (written) write(key, content);
      return { written, before: standingOf(before) };
    },
    claim: (key, lifeMs) => {
      const standing = find(key);
      if (standing !== undefined) return standingOf(standing)!;
      const token = unique('C');
      space.set(key, { kind: 'state', state: { kind: 'claim', token } }, space.now() + lifeMs);
      return { kind: 'claimed', version: token };
    },
    fill: (key, expected, content) => {
      if (find(key)?.token !== expected) return false;
      write(key, content);
      return true;
    },
    touch: (key, nowMs, expiresAtMs) => {
      const state = find(key);
      if (state?.kind !== 'value' || (state.expiresAtMs ?? Infinity) <= nowMs) return undefined;
      const longer = (expiresAtMs ?? Infinity) > (state.expiresAtMs ?? Infinity);
      return longer ? write(key, { ...state, expiresAtMs }) : state;
    },
    settle: (key, version, confirmedAtMs) => {
      const state = find(key);
      if (state === undefined || (state.kind !== 'claim' && state.version > version)) return;
      if (state.kind === 'claim' || state.version < version || confirmedAtMs === undefined) space.delete(key);
      else write(key, { ...state, confirmedAtMs });
    },
  };
}

function standingOf(state: StandingState | StateClaim | undefined): Standing | undefined {
  return state?.kind === 'claim' ? { kind: 'claim' } : state;
}
