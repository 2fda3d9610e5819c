import * as check from "./check.js";
import type { Bytes } from "./check.js";
import { Author } from "./author.js";
import { SensillaError, wrongKind } from "./error.js";
import { counted, put, run, written } from "./module.js";
import { Handle, disposable } from "./owned.js";

const FULL = ["refuse", "evictOldest", "evictExported", "keepUntilExported"] as const;

/** What a log holds, and what it does when it is full. */
export interface LogOptions {
  /** Events that are kept, 1 to 2³⁰; by default 512. */
  events?: number;
  /** Bytes of these; by default 256 for each. */
  bytes?: number;
  /** Different authors, 1 to 65,534; by default 64. */
  authors?: number;
  /** Different contexts, 1 to 65,534; by default 16. */
  contexts?: number;
  /** What an event does that finds no room; by default it is refused. */
  whenFull?: (typeof FULL)[number];
  /** Events whose proofs outlive them; by default none. */
  watches?: number;
  /** The realm that events are of, 32 bytes; by default none. */
  realm?: Bytes;
  /**
   * Eight bytes that decide where ids, keys and names lie in memory; by default random, so that nobody can
   * choose names that are slow to find. It changes no result, but bytes and {@link Journal.digest}: give
   * one where these are to be the same.
   */
  seed?: Bytes;
  /** Most bytes that the events of one author take; by default no limit. */
  bytesEach?: number;
}

/** How events are taken in. */
export interface IngestOptions {
  /** The time here, in milliseconds; by default `Date.now()`. */
  now?: number;
  /** Whether signatures are not looked at, as of events that were checked before; by default they are. */
  isTrusted?: boolean;
}

/** An event that was taken in. */
export interface Taken {
  /** Its place in the log. */
  index: number;
  /** Its id, 32 bytes. */
  id: Uint8Array;
  /** Conflicts that it opened, in a history. */
  found: number;
  /** Conflicts that it resolved, in a history. */
  resolved: number;
  /** Claims that it put out of force, in a history. */
  fallen: number;
}

/** An event of a batch: taken in, or refused with a code. */
export type TakenOrRefused = Taken | { refused: number };

/** What a log and a history have in common: signed events in an RFC 6962 tree. */
export abstract class Journal {
  readonly #handle: Handle;

  /** @internal */
  constructor(what: string, number: number) {
    this.#handle = new Handle(this, what, "log_free", number);
  }

  /** @internal */
  protected handle(call: string): number {
    return this.#handle.get(call);
  }

  /** Events ever taken in. */
  get length(): number {
    return this.#info("length")[0]!;
  }

  /** The first event that is kept. */
  get first(): number {
    return this.#info("first")[1]!;
  }

  /** How many events are known to be stored elsewhere. */
  get exported(): number {
    return this.#info("exported")[2]!;
  }

  /** Bytes of the whole, all it ever takes. */
  get byteLength(): number {
    return this.#info("byteLength")[3]!;
  }

  /**
   * Checks one event, this page's or a peer's, and takes it in.
   *
   * @param event - The bytes that an {@link Author} or {@link Journal.event} gave.
   * @throws {@link SensillaError} `0x06..` or `0x09..` for one that is refused; nothing has changed.
   */
  ingest(event: Bytes, options?: IngestOptions): Taken {
    const [taken] = this.#ingest("ingest", [check.bytes("ingest", "event", event)], options, 0);
    return taken as Taken;
  }

  /** Takes in many events. One that is refused does not stop the others. */
  ingestBatch(events: readonly Bytes[], options?: IngestOptions): TakenOrRefused[] {
    const call = "ingestBatch";
    if (!Array.isArray(events)) throw wrongKind(call, "events", "an array of Uint8Array or ArrayBuffer", events);
    const all = Array.from(events, (event, at) => check.bytes(call, `events[${at}]`, event));
    return this.#ingest(call, all, options, 1);
  }

  #ingest(call: string, events: Uint8Array[], options: IngestOptions | undefined, all: number): TakenOrRefused[] {
    const given = check.options<IngestOptions>(call, options, ["now", "isTrusted"]);
    const now = check.time(call, "options.now", given.now ?? Date.now());
    const trusted = check.flag(call, "options.isTrusted", given.isTrusted ?? false);
    const lengths = Uint32Array.from(events, (event) => event.length);
    put(call, lengths, joined(events));
    const told = run(call, "log_ingest", this.handle(call), events.length, now, trusted ? 1 : 0, all);
    return events.map(() => {
      const [index, found, resolved, fallen] = told.numbers(4) as [number, number, number, number];
      const id = told.bytes(32);
      return index < 0 ? { refused: -index } : { index, id, found, resolved, fallen };
    });
  }

  /** The place of an event that is kept; `undefined` of any other. */
  find(id: Bytes): number | undefined {
    put("find", check.bytes("find", "id", id, 32));
    const told = run("find", "log_find", this.handle("find"));
    return told.isEmpty ? undefined : told.number();
  }

  /** The bytes of an event, for a peer, and when it was taken in. */
  event(index: number): { bytes: Uint8Array; accepted: number } {
    const told = run("event", "log_event", this.handle("event"), check.count("event", "index", index));
    const accepted = told.number();
    return { bytes: told.bytes(told.number()), accepted };
  }

  /** The root over all events, or over the first `size` of them: 32 bytes. */
  root(size?: number): Uint8Array {
    const first = size === undefined ? -1 : check.count("root", "size", size);
    return run("root", "log_root", this.handle("root"), first).bytes(32);
  }

  /**
   * The hashes, end to end, that prove with the root over `size` events that event `index` is one of
   * them; see {@link verifyInclusion}.
   */
  proveInclusion(index: number, size: number = this.length): Uint8Array {
    const call = "proveInclusion";
    const [i, n] = [check.count(call, "index", index), check.count(call, "size", size)];
    return run(call, "log_prove_inclusion", this.handle(call), i, n).rest();
  }

  /** The hashes that prove that the log of `old` events is the beginning of that of `size`. */
  proveConsistency(old: number, size: number = this.length): Uint8Array {
    const call = "proveConsistency";
    const [i, n] = [check.count(call, "old", old), check.count(call, "size", size)];
    return run(call, "log_prove_consistency", this.handle(call), i, n).rest();
  }

  /**
   * What the log has become, as a note that an author signs (C2SP tlog-checkpoint).
   *
   * @param origin - The name of the log, by convention a URL without scheme.
   */
  checkpoint(origin: string, author: Author): string {
    const call = "checkpoint";
    const name = check.text(call, "origin", origin);
    const signer = Author.handle(call, author);
    put(call, ...written(name));
    return new TextDecoder().decode(run(call, "log_checkpoint", this.handle(call), signer).rest());
  }

  /** Forgets the events before `first`. Roots stay, and proofs between what is kept. */
  prune(first: number): void {
    run("prune", "log_prune", this.handle("prune"), check.count("prune", "first", first));
  }

  /** Notes that the first `size` events are stored elsewhere, so that they may go. */
  markExported(size: number): void {
    run("markExported", "log_mark_exported", this.handle("markExported"), check.count("markExported", "size", size));
  }

  /** Hashes every event that is kept again and compares; throws where that does not fit. */
  verify(): void {
    run("verify", "log_verify", this.handle("verify"));
  }

  /**
   * SHA-256 of all bytes: equal after the same calls in the same order, on every machine, of logs with the
   * same `seed`.
   */
  digest(): Uint8Array {
    return run("digest", "log_digest", this.handle("digest")).bytes(32);
  }

  /** The bytes of the whole, with their hash among them: what `open` takes. */
  toBytes(): Uint8Array {
    return run("toBytes", "log_save", this.handle("toBytes")).rest();
  }

  /** Gives the memory back. Further calls of this are nothing; all others throw. */
  free(): void {
    this.#handle.free();
  }

  #info(call: string): number[] {
    return run(call, "log_info", this.handle(call)).numbers(4);
  }
}

export interface Journal extends Disposable {}
disposable(Journal as unknown as { prototype: Journal });

/**
 * A log of signed events, with proofs that anybody can check from a root alone.
 *
 * @example
 * ```js
 * import { init, Author, Log, verifyInclusion } from "sensilla/log";
 * await init();
 * const author = new Author(crypto.getRandomValues(new Uint8Array(32)));
 * const log = new Log({ events: 1024 });
 * const event = author.assert({ context: "hall", subject: "door", predicate: "state", value: "open" });
 * const { index } = log.ingest(event);
 * verifyInclusion({ event, index, size: log.length, proof: log.proveInclusion(index), root: log.root() }); // true
 * ```
 */
export class Log extends Journal {
  /** An empty log. */
  constructor(options?: LogOptions);
  /** @internal */
  constructor(opened: Opened);
  constructor(options?: LogOptions | Opened) {
    super("log", options instanceof Opened ? options.number : made(options));
  }

  /** The log whose bytes {@link Journal.toBytes} gave. */
  static open(bytes: Bytes): Log {
    const block = check.bytes("Log.open", "bytes", bytes);
    put("Log.open", block);
    return new Log(new Opened(run("Log.open", "log_open", block.length).number()));
  }
}

/** A log of the module that has no object yet. */
class Opened {
  constructor(readonly number: number) {}
}

function made(options?: LogOptions): number {
  const call = "new Log";
  const names = ["events", "bytes", "authors", "contexts", "whenFull", "watches", "realm", "seed", "bytesEach"] as const;
  const given = check.options<LogOptions>(call, options, names);
  const sizes = sizesOf(call, given);
  const watches = check.whole(call, "options.watches", given.watches ?? 0, 0, 65_535);
  put(call, realmOf(call, given.realm), seedOf(call, given.seed));
  return run(call, "log_new", ...sizes.numbers, sizes.full, watches).number();
}

/** Events, bytes, authors and contexts; and what happens when it is full. @internal */
export function sizesOf(call: string, given: Partial<LogOptions>): { numbers: number[]; full: number; events: number } {
  const events = check.whole(call, "options.events", given.events ?? 512, 1, 2 ** 30);
  const least = Math.min(256 * events, 0xffff_ffff);
  return {
    events,
    numbers: [
      events,
      check.whole(call, "options.bytes", given.bytes ?? least, 1, 0xffff_ffff),
      check.whole(call, "options.authors", given.authors ?? 64, 1, 65_534),
      check.whole(call, "options.contexts", given.contexts ?? 16, 1, 65_534),
      check.whole(call, "options.bytesEach", given.bytesEach ?? 0, 0, 0xffff_ffff),
    ],
    full: FULL.indexOf(check.one(call, "options.whenFull", given.whenFull ?? "refuse", FULL)),
  };
}

/** A realm's id, zeros for none. @internal */
export function realmOf(call: string, realm: Bytes | undefined): Uint8Array {
  return realm === undefined ? new Uint8Array(32) : check.bytes(call, "options.realm", realm, 32);
}

/** A seed of look-up tables, drawn where none is given. @internal */
export function seedOf(call: string, seed: Bytes | undefined): Uint8Array {
  return seed === undefined ? crypto.getRandomValues(new Uint8Array(8)) : check.bytes(call, "options.seed", seed, 8);
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Codes of {@link verifyInclusion} and {@link verifyConsistency} that say that a proof does not hold. */
const isRefuted = (error: unknown): boolean => error instanceof SensillaError && error.code >> 4 === 0x50;

/** Whether a proof shows that an event is number `index` of the `size` under `root`. */
export function verifyInclusion(claim: { event: Bytes; index: number; size: number; proof: Bytes; root: Bytes }): boolean {
  const call = "verifyInclusion";
  const given = check.options<typeof claim>(call, claim ?? null, ["event", "index", "size", "proof", "root"], "claim");
  const event = check.bytes(call, "event", given.event);
  const proof = check.hashes(call, "proof", given.proof);
  const root = check.bytes(call, "root", given.root, 32);
  const [index, size] = [check.count(call, "index", given.index), check.count(call, "size", given.size)];
  put(call, ...counted(event), ...counted(proof), root);
  return holds(() => run(call, "verify_inclusion", index, size));
}

/** Whether a proof shows that the log of `old` events is the beginning of that of `size`. */
export function verifyConsistency(claim: { old: number; size: number; proof: Bytes; oldRoot: Bytes; root: Bytes }): boolean {
  const call = "verifyConsistency";
  const given = check.options<typeof claim>(call, claim ?? null, ["old", "size", "proof", "oldRoot", "root"], "claim");
  const proof = check.hashes(call, "proof", given.proof);
  const oldRoot = check.bytes(call, "oldRoot", given.oldRoot, 32);
  const root = check.bytes(call, "root", given.root, 32);
  const [old, size] = [check.count(call, "old", given.old), check.count(call, "size", given.size)];
  put(call, ...counted(proof), oldRoot, root);
  return holds(() => run(call, "verify_consistency", old, size));
}

function holds(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (isRefuted(error)) return false;
    throw error;
  }
}

/**
 * Checks that a key signed a checkpoint of the log of that name.
 *
 * @returns What the log had become.
 * @throws {@link SensillaError} `0x055.` or `0x056.` where that is not so.
 */
export function verifyCheckpoint(note: string, origin: string, publicKey: Bytes): { size: number; root: Uint8Array } {
  const call = "verifyCheckpoint";
  const [text, name] = [check.text(call, "note", note), check.text(call, "origin", origin)];
  const key = check.bytes(call, "publicKey", publicKey, 32);
  put(call, ...written(text), ...written(name), key);
  const told = run(call, "verify_checkpoint");
  return { size: told.number(), root: told.bytes(32) };
}

/** What stands at the head of an event. */
export interface EventHead {
  /** The public key of who says it. */
  author: Uint8Array;
  /** Its id. */
  id: Uint8Array;
  /** Its number among the author's, from 1. */
  sequence: number;
  /** When it was said, in milliseconds. */
  at: number;
  /** What it belongs to. */
  context: string;
  /** What it says, in one word, such as `"assert"`. */
  kind: string;
}

/**
 * Reads the head of an event and checks its signature.
 *
 * @throws {@link SensillaError} `0x062.` for bytes that are no event, or none that its author signed.
 */
export function readEvent(event: Bytes, options?: { realm?: Bytes }): EventHead {
  const call = "readEvent";
  const given = check.options<{ realm?: Bytes }>(call, options, ["realm"]);
  const realm = realmOf(call, given.realm);
  put(call, ...counted(check.bytes(call, "event", event)), realm);
  const told = run(call, "read_event");
  const [sequence, at] = told.numbers(2) as [number, number];
  return { sequence, at, author: told.bytes(32), id: told.bytes(32), context: told.text(), kind: told.text() };
}
