import * as check from "./check.js";
import type { Bytes } from "./check.js";
import { Journal, realmOf, seedOf, sizesOf } from "./log.js";
import type { LogOptions } from "./log.js";
import { counted, put, run, written } from "./module.js";

const STATES = ["detected", "challenged", "supported", "escalated", "resolved", "lapsed"] as const;

/** What a history holds. */
export interface HistoryOptions extends Omit<LogOptions, "watches"> {
  /** Components of claims' embeddings; by default 0, claims are then compared by subject alone. */
  dimensions?: number;
  /** Claims in force at a time; by default as many as events. */
  claims?: number;
}

/** Two claims that contradict each other. */
export interface Conflict {
  /** Its id, 32 bytes. */
  id: Uint8Array;
  /** The ids of its claims. */
  claims: [Uint8Array, Uint8Array];
  /** Where it stands. */
  state: (typeof STATES)[number];
  /** How far its claims may be used: 0 as they are, 1 with caution, 2 with witnesses, 3 not at all. */
  quarantine: number;
  /** When it was found, in milliseconds. */
  since: number;
}

/**
 * A log of signed events, the claims in force that they make, and their conflicts.
 *
 * Without a realm everybody is heard; with one, only the members whom its roots admitted.
 *
 * @example
 * ```js
 * import { init, Author, History } from "sensilla";
 * await init();
 * const history = new History({ events: 1024 });
 * history.ingest(one.assert({ context: "hall", subject: "door", predicate: "state", value: "open" }));
 * history.ingest(two.assert({ context: "hall", subject: "door", predicate: "state", value: "shut" })).found; // 1
 * history.conflicts()[0].state; // "detected"
 * ```
 */
export class History extends Journal {
  /** An empty history. */
  constructor(options?: HistoryOptions);
  /** @internal */
  constructor(opened: Opened);
  constructor(options?: HistoryOptions | Opened) {
    super("history", options instanceof Opened ? options.number : made(options));
  }

  /** The history whose bytes {@link Journal.toBytes} gave. */
  static open(bytes: Bytes): History {
    const block = check.bytes("History.open", "bytes", bytes);
    put("History.open", block);
    return new History(new Opened(run("History.open", "history_open", block.length).number()));
  }

  /** Claims in force. */
  get claims(): number {
    return this.#info("claims")[0]!;
  }

  /** Whether every contradiction was found so far. */
  get isComplete(): boolean {
    return this.#info("isComplete")[1] === 1;
  }

  /** The number of the roots' next decision. */
  get nextDecision(): number {
    return this.#info("nextDecision")[2]!;
  }

  /** Tells the history the roots of its realm, from which its id was made: public keys end to end. */
  found(name: string, threshold: number, roots: Bytes): void {
    const call = "found";
    const [text, keys] = [check.text(call, "name", name), check.hashes(call, "roots", roots)];
    const needed = check.whole(call, "threshold", threshold, 1, 255);
    put(call, ...written(text), ...counted(keys));
    run(call, "history_found", this.handle(call), needed);
  }

  /** The number of an author's next event; `undefined` of one that is not heard. */
  next(publicKey: Bytes): number | undefined {
    put("next", check.bytes("next", "publicKey", publicKey, 32));
    const told = run("next", "history_next", this.handle("next"));
    return told.isEmpty ? undefined : told.number();
  }

  /** Lets time pass, in milliseconds; how many claims have expired. */
  advance(now: number): number {
    return run("advance", "history_advance", this.handle("advance"), check.time("advance", "now", now)).number();
  }

  /** Looks at every pair of a context's claims, after a call that could not; how many conflicts it opened. */
  detectAll(context: string): number {
    put("detectAll", ...written(check.text("detectAll", "context", context)));
    return run("detectAll", "history_detect_all", this.handle("detectAll")).number();
  }

  /** Makes claims and conflicts anew of the events that are kept, once some were given up. */
  rebuild(): void {
    run("rebuild", "history_rebuild", this.handle("rebuild"));
  }

  /** How far a claim may be used, as {@link Conflict.quarantine} counts; `undefined` of none in force. */
  quarantine(claim: Bytes): number | undefined {
    put("quarantine", check.bytes("quarantine", "claim", claim, 32));
    const told = run("quarantine", "history_quarantine", this.handle("quarantine"));
    return told.isEmpty ? undefined : told.number();
  }

  /** All conflicts, decided ones too. */
  conflicts(): Conflict[] {
    const told = run("conflicts", "history_conflicts", this.handle("conflicts"));
    const conflicts: Conflict[] = [];
    while (told.left > 0) {
      const [state, quarantine, since] = told.numbers(3) as [number, number, number];
      const id = told.bytes(32);
      conflicts.push({ id, claims: [told.bytes(32), told.bytes(32)], state: STATES[state - 1]!, quarantine, since });
    }
    return conflicts;
  }

  #info(call: string): number[] {
    return run(call, "history_info", this.handle(call)).numbers(3);
  }
}

/** A history of the module that has no object yet. */
class Opened {
  constructor(readonly number: number) {}
}

function made(options?: HistoryOptions): number {
  const call = "new History";
  const names = ["events", "bytes", "authors", "contexts", "whenFull", "realm", "dimensions", "claims", "seed", "bytesEach"] as const;
  const given = check.options<HistoryOptions>(call, options, names);
  const { numbers, full, events } = sizesOf(call, given);
  const dimensions = check.whole(call, "options.dimensions", given.dimensions ?? 0, 0, 2_048);
  const claims = check.whole(call, "options.claims", given.claims ?? Math.min(events, 1 << 24), 1, 1 << 24);
  put(call, realmOf(call, given.realm), seedOf(call, given.seed));
  const open = given.realm === undefined ? 1 : 0;
  return run(call, "history_new", ...numbers, full, dimensions, claims, open).number();
}

/**
 * The id of a realm: of its name, and of its roots' public keys, end to end, of which `threshold` must
 * sign what they decide.
 */
export function realmId(name: string, threshold: number, roots: Bytes): Uint8Array {
  const call = "realmId";
  const [text, keys] = [check.text(call, "name", name), check.hashes(call, "roots", roots)];
  const needed = check.whole(call, "threshold", threshold, 1, 255);
  put(call, ...written(text), ...counted(keys));
  return run(call, "realm_id", needed).bytes(32);
}
