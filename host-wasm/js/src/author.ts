import * as check from "./check.js";
import type { Bytes, Floats } from "./check.js";
import { wrongKind } from "./error.js";
import { counted, numbers, put, run, written } from "./module.js";
import { Handle, disposable } from "./owned.js";

/** What every event says beside what it is about. */
export interface Said {
  /** What it belongs to: a room, a machine, a topic; at most 255 bytes. */
  context: string;
  /** When it is said, in milliseconds; by default `Date.now()`. */
  at?: number;
}

/** That `predicate` of `subject` is `value`. */
export interface Assertion extends Said {
  /** What the claim is about. */
  subject: string;
  /** Which of its properties. */
  predicate: string;
  /** What that is said to be. */
  value: string;
  /** How sure the author is, 0 to 1; by default 1. */
  confidence?: number;
  /** When the claim stops to hold, in milliseconds; by default never. */
  expires?: number;
  /** Where the claim lies among others, up to 2,048 floats. */
  embedding?: Floats;
  /** The id of a claim of the same author that this one replaces. */
  supersedes?: Bytes;
  /** SHA-256 of whatever backs the claim, end to end. */
  evidence?: Bytes;
}

/** A decision of a conflict. */
export interface Decision {
  /** What it belongs to. */
  context: string;
  /** The conflict's id. */
  conflict: Bytes;
  /** Ids of claims that stand, end to end. */
  accepted: Bytes;
  /** Ids of claims that fall, end to end. */
  deprecated: Bytes;
  /** Why. */
  rationale: string;
}

/** Numbers of the kinds in the bytes of events. */
const Kind = { assert: 1, challenge: 2, support: 3, resolution: 4, deprecate: 5, witness: 6, roots: 8 } as const;
const Act = { admit: 0, expel: 1, appoint: 2, end: 3, close: 4 } as const;

/**
 * Who signs events: an Ed25519 key, the realm it speaks in, and the number of its next event.
 *
 * Every method that says something returns the event's bytes, for `ingest` here and at every peer.
 *
 * @example
 * ```js
 * const author = new Author(crypto.getRandomValues(new Uint8Array(32)));
 * const event = author.assert({ context: "hall", subject: "door", predicate: "state", value: "open" });
 * ```
 */
export class Author {
  readonly #handle: Handle;

  /**
   * @param secret - 32 bytes from `crypto.getRandomValues`, to be kept safe.
   * @param options - `next`: the number of its next event, by default 1; `realm`: the id of the realm
   *   that it speaks in, by default none.
   */
  constructor(secret: Bytes, options?: { next?: number; realm?: Bytes }) {
    const call = "new Author";
    const key = check.bytes(call, "secret", secret, 32);
    const given = check.options<{ next?: number; realm?: Bytes }>(call, options, ["next", "realm"]);
    const next = check.whole(call, "options.next", given.next ?? 1, 1, 0xffff_ffff);
    const realm = given.realm === undefined ? new Uint8Array(32) : check.bytes(call, "options.realm", given.realm, 32);
    put(call, key, realm);
    const number = run(call, "author_new", next).number();
    // The secret is in the module's memory for arguments no longer than it has to be.
    put(call, new Uint8Array(64));
    this.#handle = new Handle(this, "author", "author_free", number);
  }

  /** @internal */
  static handle(call: string, author: unknown): number {
    if (typeof author !== "object" || author === null || !(#handle in author)) {
      throw wrongKind(call, "author", "an Author of the same entry point", author);
    }
    return author.#handle.get(call);
  }

  /** The public key, which names the author: 32 bytes. */
  get publicKey(): Uint8Array {
    const told = run("publicKey", "author_info", this.#handle.get("publicKey"));
    told.number();
    return told.bytes(32);
  }

  /** The number of the author's next event. */
  get next(): number {
    return run("next", "author_info", this.#handle.get("next")).number();
  }

  /** Claims something. */
  assert(claim: Assertion): Uint8Array {
    const call = "assert";
    const given = check.options<Assertion>(call, claim ?? null, [
      ...SAID, "subject", "predicate", "value", "confidence", "expires", "embedding", "supersedes", "evidence",
    ], "claim");
    const fields = [
      ...written(check.text(call, "subject", given.subject)),
      ...written(check.text(call, "predicate", given.predicate)),
      ...written(check.text(call, "value", given.value)),
      numbers(check.share(call, "confidence", given.confidence ?? 1)),
      numbers(given.expires === undefined ? Number.NaN : check.time(call, "expires", given.expires)),
      ...counted(given.supersedes === undefined ? NOTHING : check.bytes(call, "supersedes", given.supersedes, 32)),
      ...counted(given.evidence === undefined ? NOTHING : check.hashes(call, "evidence", given.evidence)),
    ];
    const embedding = given.embedding === undefined ? new Float32Array() : check.floats(call, "embedding", given.embedding, 1);
    return this.#say(call, Kind.assert, given, [...fields, numbers(embedding.length), embedding]);
  }

  /** Protests that `claims`, ids end to end, contradict each other. */
  challenge(protest: Said & { conflict: Bytes; claims: Bytes; reason: string }): Uint8Array {
    const call = "challenge";
    const given = check.options<typeof protest>(call, protest ?? null, [...SAID, "conflict", "claims", "reason"], "protest");
    return this.#say(call, Kind.challenge, given, [
      check.bytes(call, "conflict", given.conflict, 32),
      ...counted(check.hashes(call, "claims", given.claims)),
      ...written(check.text(call, "reason", given.reason)),
    ]);
  }

  /** Spends `cost` of the author's budget on one claim of a conflict, against the other. */
  support(stake: Said & { claim: Bytes; against: Bytes; cost: number }): Uint8Array {
    const call = "support";
    const given = check.options<typeof stake>(call, stake ?? null, [...SAID, "claim", "against", "cost"], "stake");
    return this.#say(call, Kind.support, given, [
      check.bytes(call, "claim", given.claim, 32),
      check.bytes(call, "against", given.against, 32),
      numbers(check.u32(call, "cost", given.cost)),
    ]);
  }

  /** Confirms a claim that came along `path`, hashes of its sources end to end. */
  witness(seen: Said & { claim: Bytes; path: Bytes; confidence?: number }): Uint8Array {
    const call = "witness";
    const given = check.options<typeof seen>(call, seen ?? null, [...SAID, "claim", "path", "confidence"], "seen");
    return this.#say(call, Kind.witness, given, [
      check.bytes(call, "claim", given.claim, 32),
      ...counted(check.hashes(call, "path", given.path)),
      numbers(check.share(call, "confidence", given.confidence ?? 1)),
    ]);
  }

  /** Takes back a claim of the author's own. */
  deprecate(taken: Said & { claim: Bytes; reason: string }): Uint8Array {
    const call = "deprecate";
    const given = check.options<typeof taken>(call, taken ?? null, [...SAID, "claim", "reason"], "taken");
    return this.#say(call, Kind.deprecate, given, [
      check.bytes(call, "claim", given.claim, 32),
      ...written(check.text(call, "reason", given.reason)),
    ]);
  }

  /** Signs a decision as an authority of its context: 96 bytes for {@link Author.resolve}. */
  endorse(decision: Decision): Uint8Array {
    const call = "endorse";
    const given = check.options<Decision>(call, decision ?? null, DECISION, "decision");
    const context = check.text(call, "context", given.context);
    const fields = decided(call, given);
    const handle = this.#handle.get(call);
    put(call, ...written(context), ...fields);
    return run(call, "author_endorse", handle).bytes(96);
  }

  /** Decides a conflict with endorsements, end to end, of as many authorities as the context asks for. */
  resolve(decision: Decision & Said & { signatures: Bytes }): Uint8Array {
    const call = "resolve";
    const given = check.options<typeof decision>(call, decision ?? null, [...DECISION, "at", "signatures"], "decision");
    const signatures = check.bytes(call, "signatures", given.signatures);
    if (signatures.length % 96 !== 0) throw wrongKind(call, "signatures", "whole endorsements of 96 bytes", signatures);
    return this.#say(call, Kind.resolution, given, [...decided(call, given), ...counted(signatures)]);
  }

  /** Admits a key to the realm, as its only root: the decision `number`, one more than that before. */
  admit(decision: { number: number; key: Bytes; name?: string; at?: number }): Uint8Array {
    const call = "admit";
    const given = check.options<typeof decision>(call, decision ?? null, ["number", "key", "name", "at"], "decision");
    return this.#decide(call, Act.admit, "", given, [
      check.bytes(call, "key", given.key, 32),
      ...written(check.text(call, "name", given.name ?? "")),
      numbers(1),
    ]);
  }

  /** Expels a member, as the only root, whose events up to number `last` count. */
  expel(decision: { number: number; key: Bytes; last: number; at?: number }): Uint8Array {
    const call = "expel";
    const given = check.options<typeof decision>(call, decision ?? null, ["number", "key", "last", "at"], "decision");
    return this.#decide(call, Act.expel, "", given, [
      check.bytes(call, "key", given.key, 32),
      numbers(check.u32(call, "last", given.last)),
    ]);
  }

  /** Has `threshold` of `keys`, public keys end to end, decide in a context, as the only root. */
  appoint(decision: { number: number; context: string; threshold: number; keys: Bytes; at?: number }): Uint8Array {
    const call = "appoint";
    const given = check.options<typeof decision>(call, decision ?? null, ["number", "context", "threshold", "keys", "at"], "decision");
    return this.#decide(call, Act.appoint, given.context, given, [
      numbers(check.whole(call, "threshold", given.threshold, 1, 255)),
      ...counted(check.hashes(call, "keys", given.keys)),
    ]);
  }

  /** Closes a context, as the only root: its claims fall, and what they took is free. */
  close(decision: { number: number; context: string; at?: number }): Uint8Array {
    const call = "close";
    const given = check.options<typeof decision>(call, decision ?? null, ["number", "context", "at"], "decision");
    return this.#decide(call, Act.close, given.context, given, []);
  }

  /** Forgets the secret. Further calls of this are nothing; all others throw. */
  free(): void {
    this.#handle.free();
  }

  #decide(call: string, act: number, context: unknown, given: { number?: number; at?: number }, fields: ArrayBufferView[]): Uint8Array {
    const number = check.whole(call, "number", given.number, 1, 0xffff_ffff);
    return this.#say(call, Kind.roots, { context: context as string, at: given.at }, [numbers(number), numbers(act), ...fields]);
  }

  #say(call: string, kind: number, said: { context?: string; at?: number | undefined }, fields: ArrayBufferView[]): Uint8Array {
    const context = check.text(call, "context", said.context);
    const at = check.time(call, "at", said.at ?? Date.now());
    const handle = this.#handle.get(call);
    put(call, ...written(context), ...fields);
    return run(call, "author_say", handle, kind, at).rest();
  }
}

export interface Author extends Disposable {}
disposable(Author);

const SAID = ["context", "at"] as const;
const DECISION = ["context", "conflict", "accepted", "deprecated", "rationale"] as const;
const NOTHING = new Uint8Array();

function decided(call: string, given: Partial<Decision>): ArrayBufferView[] {
  return [
    check.bytes(call, "conflict", given.conflict, 32),
    ...counted(check.hashes(call, "accepted", given.accepted)),
    ...counted(check.hashes(call, "deprecated", given.deprecated)),
    ...written(check.text(call, "rationale", given.rationale)),
  ];
}
