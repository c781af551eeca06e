// The searches over the model: the protocol whole, and with one safeguard missing each.

/** What a violated assertion of the model means. */
export const PROPERTIES = {
  limit: { assertion: "connections<=", means: "the provider never counts more connections than the limit" },
  slots: { assertion: "too_many_slots", means: "never more slots are taken than there are" },
  place: { assertion: "two_places", means: "a recording is in at most one place" },
  admission: { assertion: "waits_beside_free_slot", means: "nothing waits beside a free slot" },
  order: { assertion: "overtaken", means: "first in, first out in each lane" },
  once: { assertion: "stored_twice", means: "nothing is stored twice" },
  complete: { assertion: "lost", means: "in the end all that was asked for is stored" },
  rest: { assertion: "not_at_rest", means: "in the end no slot, connection or mark is left" },
};


/**
 * Run each time. `defines` go to the model, `compile` to gcc; `search`: exhaustive unless it says another; `hashBits` is
 * log2 of the size of the hash table, or of the bit field.
 */
export const WHOLE = {
  name: "3 workers, 2 slots, 3 recordings, 2 faults",
  compile: ["-O2"],
  defines: ["ANONYMOUS_WORKERS"],
  hashBits: 24,
  memoryMb: 2000,
};
export const ENDS = {
  name: "3 workers, 2 slots, 3 recordings, 1 fault: every run ends",
  compile: ["-O1"],
  defines: ["ANONYMOUS_WORKERS", "FAULTS=1", "EXTRAS=0"],
  search: "cycles",
  hashBits: 22,
  memoryMb: 1000,
};
const FOUR = ["ANONYMOUS_WORKERS", "WORKERS=4", "LIMIT=3", "RECORDINGS=4"];
export const LARGER = {
  name: "4 workers, 3 slots, 4 recordings, 2 faults: a bitstate search, which skips states",
  compile: ["-O1"],
  defines: FOUR,
  search: "bitstate",
  hashBits: 22,
  memoryMb: 500,
};

/** Run with TAPEDECK_FULL=1. */
export const LONG = [
  {
    name: "4 workers, 3 slots, 4 recordings, 1 fault, a retry or a promotion",
    compile: ["-O2"],
    defines: [...FOUR, "FAULTS=1"],
    hashBits: 26,
    memoryMb: 8_000,
  },
  {
    name: "4 workers, 3 slots, 4 recordings, 2 faults, a retry or a promotion: a larger bitstate search",
    compile: ["-O2"],
    defines: FOUR,
    search: "bitstate",
    hashBits: 27,
    memoryMb: 500,
  },
  {
    name: "3 workers, 2 slots, 3 recordings, 1 fault, a retry or a promotion: every run ends",
    compile: ["-O2"],
    defines: ["ANONYMOUS_WORKERS", "FAULTS=1"],
    search: "cycles",
    hashBits: 24,
    memoryMb: 4_000,
  },
];

// -DREVERSE looks at the processes in the other order, which comes to the violations of two faults sooner.
const without = (macro, violates, faults, missing, extra = []) => ({
  name: macro,
  missing,
  violates,
  compile: ["-O0", ...(faults > 1 ? ["-DREVERSE"] : [])],
  defines: [macro, `FAULTS=${faults}`, ...extra],
  hashBits: 22,
  memoryMb: 2000,
});

/** Each must be caught, and within the budgets of WHOLE. */
export const WITHOUT = [
  without("NO_FENCE", "once", 1, "a commit does not look at the fence"),
  without("NO_SELF_CLOSE", "limit", 1, "a worker that cannot renew goes on downloading"),
  without("NO_SUPERVISOR", "limit", 1, "nobody kills a worker that has stalled"),
  without("NO_HOLD", "limit", 1, "a recovery grants at once, although attempts were open"),
  without("RELEASE_WITHOUT_OWNERSHIP", "slots", 1, "a finish without the lease hands a slot on"),
  without("NEWCOMER_OVERTAKES", "order", 1, "a newcomer goes to the head of its lane"),
  without("LOST_WAKE_UP", "admission", 0, "a request is queued without looking for a free slot"),
  without("RETRY_OUTSIDE_LIMIT", "slots", 0, "a retry runs at once, after its slot was handed on"),
  without("COUNTER_INSTEAD_OF_SET", "admission", 1, "slots are counted by a counter, which a sweep does not mend"),
  without("DEDUP_EXPIRES", "limit", 0, "a second request for what runs grants it again"),
  without("BACKOFF_KEEPS_SLOT", "place", 0, "what backs off keeps its slot"),
  without("NO_RENEWAL_BEFORE_CONNECT", "limit", 1, "a worker connects on the lease of its claim, without renewing it after the fence"),
  without("NO_LINGER", "limit", 1, "a slot is given back before the provider can notice that the transfer was cut"),
  without("SUPERVISOR_COUNTS_SIGNS_OF_LIFE", "limit", 2, "the supervisor counts from the worker's last sign of life, not from its last renewal", ["EXTRAS=0"]),
  without("RECLAIM_ENDS_ATTEMPT", "limit", 1, "a reclaim of the row also forgets that an attempt may be open"),
  without("ANY_END_CLOSES_ATTEMPT", "limit", 2, "an attempt that never connected forgets that an earlier one may be open", ["EXTRAS=0"]),
  without("RECOVERY_BY_EPOCH_ALONE", "limit", 2, "a recovery is accepted by its epoch, also when it was read for an earlier loss", ["EXTRAS=0"]),
  without("NO_SWEEP", "complete", 1, "leases never expire"),
  without("SWEEP_SKIPS_STORED", "rest", 1, "leases of stored recordings never expire"),
  without("NO_RECONCILIATION", "complete", 1, "nobody asks for rows that the slot store does not know"),
];
