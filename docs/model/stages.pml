/*
 * The stages of one store's migration: who may write where, when authority moves, and what a crash leaves behind.
 * README.md beside this file tells what is modelled, what is not, and how to run it.
 *
 * For readers new to Promela: every `proctype` is a process; Spin tries every order of their steps. `atomic { … }` and
 * `d_step { … }` are one step: here, one transaction. `guard -> action` waits until the guard holds. In `if` and `do`
 * any branch whose guard holds may be taken. `property` asserts what must hold in every run.
 *
 * `#ifdef BREAK_…` breaks one rule; the check proves that Spin then finds a violation.
 */
#ifndef KEYS
#define KEYS 2         /* record keys: 1 or 2 */
#endif
#ifndef WRITES
#define WRITES 3       /* committed writes in a run, all writers together: at most 7 */
#endif
#ifndef CRASHES
#define CRASHES 1      /* crashes of the mover and of the replayer together */
#endif
#ifndef OUTAGES
#define OUTAGES 1      /* times that a database is away */
#endif
#ifndef TURNS
#define TURNS 2        /* moves of authority that are begun: forward, back, forward again … */
#endif
#ifndef DEMOTIONS
#define DEMOTIONS 1    /* breaches before live, and moves given up behind the fence */
#endif
#ifndef READS
#define READS 0
#endif
/* And, defined or not: DELETES: a write may remove its row. EPOCHS: writers compare their epoch. TWICE: two movers and
   two replayers. LIVENESS: writers that never pause. */

/* The properties by number: a violation is printed with it, and scripts/check-model.js names it. */
#define property(number, holds) assert((number) && (holds))
#define ONE_AUTHORITY 1
#define NOTHING_LOST 2
#define NOTHING_SKIPPED 3
#define NOTHING_DOUBLED 4
#define HANDED_OVER_WHOLE 5
#define GATED 6
#define READS_WHAT_WAS_WRITTEN 7
#define SETTLED_AT_THE_END 8

/* The sides. */
#define OLD 0          /* SQLite */
#define NEW 1          /* PostgreSQL */
#define OTHER(s) (1 - (s))

/* The stages, in order. */
#define LEGACY 0
#define DUAL 1
#define SHADOW 2
#define LIVE 3
#define RAMP_DOWN 4
#define COMPLETE 5

/* The control row of a side: OPEN takes writes; FENCED takes none, and is still the authority; GIVEN is a replica. */
#define GIVEN 0
#define OPEN 1
#define FENCED 2
typedef Control { byte state; byte epoch };
Control control[2];
byte stage = LEGACY;   /* stands in the authority's control row and changes with it, in one transaction */
bool capture;          /* whether the triggers stand in the old file */

/* A row is the number of the write that made it, and its version: epoch * 8 + a count within the epoch. */
typedef Row { byte write; byte version };
Row row[4];
byte owed[4];          /* the capture log (old) and the outbox (new), by key: the version that must still be replayed */
#define AT(s, k) ((s) * 2 + (k))
#define NEXT(v, e) (((v) >> 3) == (e) -> (v) + 1 : ((e) << 3) + 1)
#define CLEAR(s) (owed[AT(s, 0)] == 0 && owed[AT(s, 1)] == 0)

bool up[2];            /* whether a database answers */
bool inside[2];        /* our writer N is inside a transaction on the new side and holds the lock shared */
bool fencing;          /* the mover waits for the lock of the new side */
byte crashes = CRASHES, outages = OUTAGES, turns = TURNS, demotions = DEMOTIONS, reads = READS;

/* What was sent by a process that then died, or that woke up late: it may still arrive, at any later time. */
byte lateStep, lateSide, lateEpoch;              /* of a mover: GIVE or OPENING */
bool lateApply; byte lateTo, lateKey, lateVersion, lateWrite;
#define GIVE 1
#define OPENING 2

/* Known to the properties only: how many writes were committed, the newest of each key, what took effect where. */
byte writes;
byte newest[2];
byte took[2];          /* a bit for each write */
byte deletions;        /* a bit for each write that removes its row */
#define HOLDS(s) (row[AT(s, 0)].write == newest[0] && row[AT(s, 1)].write == newest[1])
#define ARRIVED(s, k) (owed[AT(s, k)] != 0 || row[AT(OTHER(s), k)].write == newest[k])
#define AUTHORITY(s) (control[s].state != GIVEN)

#ifdef BREAK_CLOCK
byte at[4], lateAt;    /* the wall clock of each row's writer, which may be set back */
#endif

/* What holds after every step: one side at most takes writes; the authority holds every newest acknowledged write; what
   is no longer owed to the other side has arrived there; between two authorities both sides hold everything. */
inline check() {
  property(ONE_AUTHORITY, control[OLD].state != OPEN || control[NEW].state != OPEN);
  if
  :: AUTHORITY(OLD) ->
    property(NOTHING_LOST, HOLDS(OLD));
    property(NOTHING_SKIPPED, !capture || (ARRIVED(OLD, 0) && ARRIVED(OLD, 1)))
  :: !AUTHORITY(OLD) && AUTHORITY(NEW) ->
    property(NOTHING_LOST, HOLDS(NEW));
    property(NOTHING_SKIPPED, stage == COMPLETE || (ARRIVED(NEW, 0) && ARRIVED(NEW, 1)))
  :: else -> property(HANDED_OVER_WHOLE, HOLDS(OLD) && HOLDS(NEW))
  fi
}

/* A write takes effect on a side: once, whatever is replayed again. */
inline effect(s, k, w) {
  if
  :: row[AT(s, k)].write != (w) ->
    property(NOTHING_DOUBLED, (took[s] & (1 << (w))) == 0);
    took[s] = took[s] | (1 << (w));
    row[AT(s, k)].write = w
  :: else
  fi
}

/* The version of a removed row stays. */
inline forget(s, k) {
#ifdef BREAK_TOMBSTONE
  if
  :: (deletions & (1 << row[AT(s, k)].write)) != 0 -> row[AT(s, k)].version = 0
  :: else
  fi
#else
  skip
#endif
}

#ifdef BREAK_COUNT
#define COUNTED(s) ((s) == NEW && stage != COMPLETE)
#else
#define COUNTED(s) ((s) == NEW)      /* the new side counts versions in every stage */
#endif

/* One write, its version and its intent, in one transaction that ends acknowledged. It builds on the newest one. */
inline commit(s, k) {
  property(ONE_AUTHORITY, control[OTHER(s)].state != OPEN);
  property(NOTHING_LOST, row[AT(s, k)].write == newest[k]);
  writes++;
  newest[k] = writes;
  deletions = deletions | (gone << writes);
  effect(s, k, writes);
#ifdef BREAK_CLOCK
  at[AT(s, k)] = clock;
#endif
  if
  :: (s == OLD && capture) || COUNTED(s) -> row[AT(s, k)].version = NEXT(row[AT(s, k)].version, control[s].epoch)
  :: else
  fi;
  if
#ifdef BREAK_INTENT
  :: s == NEW && crashes > 0 -> crashes--      /* died between the write's transaction and that of its intent */
#endif
  :: (s == OLD && capture) || (s == NEW && stage != COMPLETE) -> owed[AT(s, k)] = row[AT(s, k)].version; forget(s, k)
  :: else
  fi;
  check()
}

/* What a caller writes: a key, and whether it removes the row. Keys are alike: the first that is written is called 0. */
inline choose() {
  if :: key = 0 :: KEYS > 1 && newest[0] != 0 -> key = 1 fi;
#ifdef DELETES
  if :: gone = 0 :: gone = 1 fi;
#endif
#ifdef BREAK_CLOCK
  if :: clock = 1 :: clock = 2 fi;
#endif
}

#ifdef BREAK_CLOCK
#define NEWER(s, k, v) (time > at[AT(s, k)])
#elif defined(BREAK_VERSION)
#define NEWER(s, k, v) true
#else
#define NEWER(s, k, v) ((v) > row[AT(s, k)].version)
#endif

/* A replayed row arrives, in one transaction: at a replica only, and only when it is newer. */
inline apply(s, k, v, w) {
  if
#ifdef BREAK_REPLICA
  :: NEWER(s, k, v) ->
#else
  :: control[s].state == GIVEN && NEWER(s, k, v) ->
#endif
    effect(s, k, w);
    row[AT(s, k)].version = v;
#ifdef BREAK_CLOCK
    at[AT(s, k)] = time;
#endif
#ifdef BREAK_MUTE
    if
    :: s == OLD && capture -> row[AT(s, k)].version = NEXT(v, control[s].epoch); owed[AT(s, k)] = row[AT(s, k)].version
    :: else
    fi;
#endif
    forget(s, k)
  :: else
  fi;
  check()
}

/* A writer is admitted by the state, read in its own transaction. With EPOCHS it compares what it knows as well, which
   admits less: what holds without holds with it. */
#ifdef EPOCHS
#define KNOWN(s) (control[s].epoch == epoch)
#else
#define KNOWN(s) true
#endif
#ifdef BREAK_FENCE
#define ADMITS(s) (AUTHORITY(s) && KNOWN(s))
#else
#define ADMITS(s) (control[s].state == OPEN && KNOWN(s))
#endif

#ifdef LIVENESS
#define ENDLESS true   /* transactions that begin, check and write nothing: writers that never pause */
#else
#define ENDLESS false
#endif
#ifdef BREAK_QUEUE
#define QUEUES true
#else
#define QUEUES (!fencing)
#endif

inline learn(s) {
  side = s;
#ifdef EPOCHS
  epoch = control[s].epoch
#endif
}

/* The last write that this process was acknowledged. */
inline own(s) {
#if READS > 0
  if
  :: me == 0 && reads > 0 -> mineKey = key; mineVersion = row[AT(s, key)].version; mineWrite = writes
  :: else
  fi
#else
  skip
#endif
}

/* One of our processes: what it knows of the authority may be stale until it is refused. A caller who reads is told no
   less than what was acknowledged before, to anybody, at the authority; from a replica, no less than to itself. */
proctype Writer(byte me) {
  byte side = OLD, key, gone, clock;
#ifdef EPOCHS
  byte epoch = 1;
#endif
#if READS > 0
  byte mineKey, mineVersion, mineWrite;
#endif
end:
  do
#ifdef BREAK_CHECK_OLD
  :: atomic { writes < WRITES && side == OLD && up[OLD] && ADMITS(OLD) -> skip };
    atomic { up[OLD] -> choose(); d_step { if :: writes < WRITES -> commit(OLD, key) :: else fi; key = 0; gone = 0; clock = 0 } }
#else
  /* SQLite: BEGIN IMMEDIATE; the control row is checked, the row and its log entry are written; COMMIT. */
  :: atomic { writes < WRITES && side == OLD && up[OLD] && ADMITS(OLD) ->
      choose();
      d_step { commit(OLD, key); own(OLD); key = 0; gone = 0; clock = 0 } }
#endif
  /* PostgreSQL: the shared lock, then the check; then the row and its outbox entry, and COMMIT. */
#ifdef BREAK_LOCK_LATE
  :: atomic { writes < WRITES && side == NEW && up[NEW] && ADMITS(NEW) -> skip };
    atomic { up[NEW] && QUEUES -> inside[me] = true };
#else
  :: atomic { (writes < WRITES || ENDLESS) && side == NEW && up[NEW] && ADMITS(NEW) && QUEUES -> inside[me] = true };
#endif
    if
    :: atomic { inside[me] && up[NEW] ->
        choose();
        d_step {
          if :: writes < WRITES -> commit(NEW, key); own(NEW) :: else fi;
          inside[me] = false; key = 0; gone = 0; clock = 0 } }
    :: atomic { !inside[me] -> skip }      /* the server went away: rolled back, and the caller is told so */
    fi
  /* Refused: it asks both sides who is the authority. */
  :: d_step { up[side] && !ADMITS(side) && up[OLD] && control[OLD].state == OPEN -> learn(OLD) }
  :: d_step { up[side] && !ADMITS(side) && up[NEW] && control[NEW].state == OPEN -> learn(NEW) }
#if READS > 0
#ifdef BREAK_READ
  :: atomic { me == 0 && reads > 0 && up[side] -> reads--;
#else
  :: atomic { me == 0 && reads > 0 && up[side] && AUTHORITY(side) -> reads--;
#endif
      property(READS_WHAT_WAS_WRITTEN, HOLDS(side)) }
  /* A key that the ramp leaves on the old side is read there, unless this process knows of a newer version. */
#ifdef BREAK_REPLICA_READ
  :: atomic { me == 0 && reads > 0 && side == NEW && up[OLD] && mineWrite > 0 -> reads--;
#else
  :: atomic { me == 0 && reads > 0 && side == NEW && up[OLD] && mineWrite > 0 && row[AT(OLD, mineKey)].version >= mineVersion -> reads--;
#endif
      property(READS_WHAT_WAS_WRITTEN, row[AT(OLD, mineKey)].write >= mineWrite) }
#endif
  od
}

#ifdef BREAK_FOREIGN
#define TRIGGER_ADMITS true
#elif defined(BREAK_FOREIGN_LATE)
#define TRIGGER_ADMITS (control[OLD].state != GIVEN || stage < LIVE)
#else
#define TRIGGER_ADMITS (control[OLD].state == OPEN)
#endif

/* The old application, in any language: it knows nothing of stages. The triggers log its writes, or abort them. */
proctype Foreign() {
  byte key, gone, clock;
end:
  do
  :: atomic { writes < WRITES && up[OLD] && (!capture || TRIGGER_ADMITS) ->
      choose();
      d_step { commit(OLD, key); key = 0; gone = 0; clock = 0 } }
  od
}

inline rest() { from = 0; key = 0; version = 0; write = 0; time = 0 }

/* Replay: reads an owed key with its row and version as they are now, applies them to the other side, and strikes the
   version it has read off what is owed. It may die after each step, and what it sent may arrive later. */
proctype Replayer() {
  byte from, key, version, write, time;
end:
  do
  :: atomic {
      if
      :: owed[AT(OLD, 0)] != 0 && up[OLD] -> from = OLD; key = 0
      :: owed[AT(OLD, 1)] != 0 && up[OLD] -> from = OLD; key = 1
      :: owed[AT(NEW, 0)] != 0 && up[NEW] -> from = NEW; key = 0
      :: owed[AT(NEW, 1)] != 0 && up[NEW] -> from = NEW; key = 1
      fi;
      write = row[AT(from, key)].write;
#ifdef BREAK_CLOCK
      time = at[AT(from, key)];
#endif
#ifndef BREAK_SNAPSHOT
      version = owed[AT(from, key)];
#endif
    };
#ifdef BREAK_SNAPSHOT
    atomic { up[from] -> version = owed[AT(from, key)] };
#endif
#ifdef BREAK_ORDER
    atomic { up[from] -> owed[AT(from, key)] = 0 };
#endif
    if
    :: d_step { up[OTHER(from)] -> apply(OTHER(from), key, version, write) };
      if
#ifdef BREAK_STRIKE
      :: d_step { up[from] -> owed[AT(from, key)] = 0; check(); rest() }
#else
      :: d_step { up[from] && owed[AT(from, key)] == version -> owed[AT(from, key)] = 0; check(); rest() }
      :: d_step { up[from] && owed[AT(from, key)] != version -> rest() }
#endif
      :: d_step { crashes > 0 -> crashes--; rest() }
      fi
    :: d_step { crashes > 0 && !lateApply ->
        crashes--; lateApply = true; lateTo = OTHER(from); lateKey = key; lateVersion = version; lateWrite = write;
#ifdef BREAK_CLOCK
        lateAt = time;
#endif
        rest() }
    fi
  od
}

#ifdef BREAK_GATE
#define UNMOVED(s, e) (control[s].state == OPEN && turns > 0)
#else
#define UNMOVED(s, e) (control[s].state == OPEN && control[s].epoch == (e) && turns > 0)
#endif
#ifdef BREAK_CHECK_NEW
#define NOBODY_INSIDE true
#else
#define NOBODY_INSIDE (!inside[0] && !inside[1])
#endif

/* The steps of the stages follow: each one transaction on one side, refused when the epoch is not the one it was meant
   for. */

/* A stage is never entered without an epoch of its own: who looked before is refused. */
inline become(s, next) {
#ifdef BREAK_STAGE
  stage = next
#else
  stage = next; control[s].epoch++
#endif
}

inline fence(s) {
  control[s].state = FENCED; turns--;
#ifndef BREAK_FENCE
  control[s].epoch++
#endif
}

inline give(s, e) {
  if
  :: control[s].state == FENCED && control[s].epoch == e -> control[s].state = GIVEN; check()
  :: else
  fi
}

/* The triggers go, and the log and the versions with them. */
inline release() {
  capture = false;
  owed[AT(OLD, 0)] = 0; owed[AT(OLD, 1)] = 0;
  row[AT(OLD, 0)].version = 0; row[AT(OLD, 1)].version = 0
}

inline open(s, e) {
  if
#ifdef BREAK_OPEN
  :: control[s].state == GIVEN ->
#else
  :: control[s].state == GIVEN && control[s].epoch < e ->
#endif
    control[s].state = OPEN; control[s].epoch = e;
    if
    :: s == NEW -> stage = LIVE
    :: else -> stage = LEGACY; release()
    fi;
    check()
  :: else
  fi
}

#ifdef BREAK_BASELINE
#define BASELINE 8
#else
#define BASELINE (control[OLD].epoch << 3)
#endif
#ifdef BREAK_GONE
#define COPIED(k) (row[AT(OLD, k)].write != 0 && (deletions & (1 << row[AT(OLD, k)].write)) == 0)
#else
#define COPIED(k) true
#endif

/* The first copy: every key, also those that only the new side has, is owed with a version above all that were. */
inline copy(k) {
  row[AT(OLD, k)].version = BASELINE;
  if
  :: COPIED(k) -> owed[AT(OLD, k)] = BASELINE
  :: else
  fi
}

#ifdef BREAK_DRAIN
#define DRAINED(s) true
#else
#define DRAINED(s) CLEAR(s)
#endif
#define GIVABLE(s) (control[s].state == FENCED && DRAINED(s))
#ifdef BREAK_RESUME
#define RESUMES moving
#else
#define RESUMES true
#endif

inline reopen(s) {
  control[s].state = OPEN;
#ifdef BREAK_REOPEN
  control[s].epoch--
#else
  control[s].epoch++
#endif
}

/* The mover remembers nothing but the epoch it has just read: what to do next stands in the control rows, so that a
   crash is nothing but a return to the top. What it sent before it died may arrive later. */
proctype Mover() {
  byte e; bool moving; byte s;
end:
  do
  /* legacy: the triggers, the log, and every key owed, in one transaction. */
#ifdef BREAK_COPY
  :: atomic { stage == LEGACY && !capture && control[OLD].state == OPEN && turns > 0 && up[OLD] && up[NEW] ->
      d_step { row[AT(NEW, 0)].write = row[AT(OLD, 0)].write; row[AT(NEW, 1)].write = row[AT(OLD, 1)].write } };
    d_step { up[OLD] -> control[OLD].epoch++; capture = true; check() }
#else
  :: d_step { stage == LEGACY && !capture && control[OLD].state == OPEN && turns > 0 && up[OLD] ->
      control[OLD].epoch++; capture = true; copy(0); if :: KEYS > 1 -> copy(1) :: else fi; check() }
#endif
  :: d_step { stage == LEGACY && capture && control[OLD].state == OPEN && CLEAR(OLD) && up[OLD] -> become(OLD, DUAL) }
  :: d_step { stage == DUAL && control[OLD].state == OPEN && CLEAR(OLD) && up[OLD] -> become(OLD, SHADOW) }
  /* The gates of live are looked at; then the fence, if nothing moved since. */
  :: d_step { stage == SHADOW && control[OLD].state == OPEN && CLEAR(OLD) && turns > 0 && up[OLD] && up[NEW] -> e = control[OLD].epoch };
    d_step { up[OLD] ->
      if
      :: UNMOVED(OLD, e) -> property(GATED, stage == SHADOW); fence(OLD); moving = true
      :: else
      fi;
      e = 0 }
  :: d_step { stage == LIVE && control[NEW].state == OPEN && up[NEW] -> become(NEW, RAMP_DOWN) }
  :: d_step { stage == RAMP_DOWN && control[NEW].state == OPEN && CLEAR(NEW) && up[NEW] -> become(NEW, COMPLETE) }
  /* Back: the fence waits for the transactions inside, which hold the lock shared. */
  :: d_step { (stage == LIVE || stage == RAMP_DOWN) && control[NEW].state == OPEN && turns > 0 && up[NEW] ->
      e = control[NEW].epoch; fencing = true };
    if
    :: d_step { up[NEW] && NOBODY_INSIDE ->
        fencing = false;
        if
        :: UNMOVED(NEW, e) -> property(GATED, stage != COMPLETE); fence(NEW); moving = true
        :: else
        fi;
        e = 0 }
    :: d_step { !up[NEW] -> fencing = false; e = 0 }
    fi
  /* Behind a fence: drained and proven, then given. */
  :: d_step { RESUMES && up[OLD] && up[NEW] && (GIVABLE(OLD) || GIVABLE(NEW)) ->
      s = (GIVABLE(OLD) -> OLD : NEW);
#ifndef BREAK_DRAIN
      property(HANDED_OVER_WHOLE, HOLDS(OTHER(s)));
#endif
      e = control[s].epoch };
    if
    :: d_step { up[s] -> give(s, e); e = 0; s = 0 }
    :: d_step { crashes > 0 && lateStep == 0 -> crashes--; lateStep = GIVE; lateSide = s; lateEpoch = e; e = 0; s = 0; moving = false }
    fi
  /* Or given up: the fence goes, under an epoch of its own. */
  :: d_step { RESUMES && demotions > 0 && control[OLD].state == FENCED && up[OLD] -> demotions--; reopen(OLD) }
  :: d_step { RESUMES && demotions > 0 && control[NEW].state == FENCED && up[NEW] -> demotions--; reopen(NEW) }
  /* Given, and nobody open: there is no way but forward. */
  :: d_step { RESUMES && up[OLD] && up[NEW] && control[OLD].state == GIVEN && control[NEW].state == GIVEN ->
      s = (control[OLD].epoch > control[NEW].epoch -> NEW : OLD);
      e = control[OTHER(s)].epoch };
    if
    :: d_step { up[s] -> open(s, e); e = 0; s = 0; moving = false }
    :: d_step { crashes > 0 && lateStep == 0 -> crashes--; lateStep = OPENING; lateSide = s; lateEpoch = e; e = 0; s = 0; moving = false }
    fi
#ifdef BREAK_RESTART
  /* A mover that finds the move unfinished and takes the fence down, whatever became of it. */
  :: d_step { control[OLD].state != OPEN && stage == SHADOW && up[OLD] -> control[OLD].state = OPEN; control[OLD].epoch++; check() }
#endif
  od
}

/* A breach before live moves the stage back, whoever sees it; the epoch tells a mover that looked before. */
proctype Monitor() {
end:
  do
  :: d_step { demotions > 0 && stage == SHADOW && control[OLD].state == OPEN && up[OLD] ->
      demotions--; become(OLD, DUAL) }
  :: d_step { demotions > 0 && stage == DUAL && control[OLD].state == OPEN && up[OLD] ->
      demotions--; become(OLD, LEGACY); release(); check() }
  od
}

/* What was sent by somebody who died arrives after all. */
proctype Late() {
  byte time;
end:
  do
  :: d_step { lateApply && up[lateTo] ->
#ifdef BREAK_CLOCK
      time = lateAt; lateAt = 0;
#endif
      apply(lateTo, lateKey, lateVersion, lateWrite);
      lateApply = false; lateTo = 0; lateKey = 0; lateVersion = 0; lateWrite = 0; time = 0 }
  :: d_step { lateStep == GIVE && up[lateSide] -> give(lateSide, lateEpoch); lateStep = 0; lateSide = 0; lateEpoch = 0 }
  :: d_step { lateStep == OPENING && up[lateSide] -> open(lateSide, lateEpoch); lateStep = 0; lateSide = 0; lateEpoch = 0 }
  od
}

/* A database goes away and comes back; open transactions of the new side are rolled back. */
proctype Outage() {
end:
  do
  :: atomic { outages > 0 && up[OLD] && up[NEW] -> outages--;
      if
      :: up[OLD] = false
      :: up[NEW] = false; inside[0] = false; inside[1] = false
      fi };
    d_step { up[OLD] = true; up[NEW] = true }
  od
}

/* When nothing can happen any more: one side is open, nothing is owed, and both sides hold the newest of every key. */
proctype Judge() {
  timeout ->
  property(SETTLED_AT_THE_END, control[OLD].state == OPEN || control[NEW].state == OPEN);
  property(SETTLED_AT_THE_END, CLEAR(OLD) && CLEAR(NEW));
  property(SETTLED_AT_THE_END, HOLDS(OLD) || stage == COMPLETE);
  property(SETTLED_AT_THE_END, HOLDS(NEW) || (stage == LEGACY && !capture))
}

init {
  atomic {
    control[OLD].state = OPEN; control[OLD].epoch = 1;
    up[OLD] = true; up[NEW] = true;
    run Writer(0); run Writer(1); run Foreign(); run Replayer(); run Mover(); run Monitor(); run Late(); run Outage();
#ifdef TWICE
    run Mover(); run Replayer();
#endif
#ifndef LIVENESS
    run Judge()
#endif
  }
}

/* With weak fairness: whenever the mover waits for a fence, or a fence stands, a side is open again later. */
#ifdef LIVENESS
#define MOVING (fencing || (control[OLD].state != OPEN && control[NEW].state != OPEN))
ltl fence_ends { [] (MOVING -> <> !MOVING) }
#endif
