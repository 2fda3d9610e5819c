import * as check from "./check.js";
import type { Bytes, Floats, Labels } from "./check.js";
import { outOfRange, wrongKind } from "./error.js";
import { numbers, put, run } from "./module.js";
import type { Result } from "./module.js";
import { Handle, disposable } from "./owned.js";

const ELEMENTS = ["bytes", "floats", "both", "bits"] as const;
const METRICS = ["cosine", "innerProduct", "squaredEuclidean"] as const;
const LAYOUTS = ["scan", "graph", "both"] as const;
const MAX_NEIGHBOURS = 65_536;

/** How a bank keeps its vectors, and what makes two of them similar. */
export interface BankOptions {
  /**
   * How components are kept: in eight `"bytes"` bits with a scale per row (the default), as `"floats"`,
   * as `"both"`, where floats rank again what bytes found, or as `"bits"`, the signs alone.
   */
  keep?: (typeof ELEMENTS)[number];
  /** What makes two vectors similar; larger is more similar in each. By default `"cosine"`. */
  metric?: (typeof METRICS)[number];
  /** Which searches the memory is laid out for: a `"scan"`, a `"graph"` (the default), or both. */
  layout?: (typeof LAYOUTS)[number];
  /** Links of a row in the graph, 2 to 32; by default 16. */
  links?: number;
  /** Candidates of an insertion, 8 to 1,024; by default 200. */
  efConstruction?: number;
}

/** What is said of a row besides its vector. */
export interface RowOptions {
  /** How far it is to be trusted, 0 to 1; by default 1. */
  confidence?: number;
  /** When it was learned, in milliseconds; by default 0. */
  at?: number;
}

/** The same of many rows: one value for all, or one for each. */
export interface RowsOptions {
  /** How far they are to be trusted, 0 to 1; by default 1. */
  confidence?: number | Float32Array | readonly number[];
  /** When they were learned, in milliseconds; by default 0. */
  at?: number | Float64Array | readonly number[];
}

/** What to look for, and how well. */
export interface SearchOptions {
  /** Most neighbours of a query, 0 to 65,536; by default 10. Fewer are found where the bank has fewer. */
  k?: number;
  /**
   * What the search is to reach: `"exact"`, or a recall of 0 to 1 in the mean over many queries, by
   * what the bank has measured on its own rows. By default 0.99.
   */
  goal?: "exact" | number;
  /** So many candidates of a walk through the graph in place of a goal, 1 to 65,536. */
  ef?: number;
  /** Only rows with one of these labels. */
  labels?: Labels;
  /** Only rows with none of these labels. */
  except?: Labels;
  /** Only rows whose label has its bit set: bit `label % 8` of byte `label / 8`. */
  bitmap?: Bytes;
  /** Only rows whose label this says yes to. It is asked once for each label, before the search. */
  where?: (label: number) => boolean;
}

/** The same with arrays of the caller to write to. */
export interface SearchBatchOptions extends SearchOptions {
  /** Arrays with room for all hits, as {@link hitsFor} makes them, which are filled and returned. */
  into?: Hits;
}

/** A row that a search found. */
export interface Hit {
  /** The row's id. */
  id: number;
  /** Its label. */
  label: number;
  /** How similar it is, by the bank's metric; larger is more. */
  similarity: number;
  /** How far it is to be trusted, 0 to 1. */
  confidence: number;
}

/** What searches found, query after query, the most similar first, without gaps. */
export interface Hits {
  /** How many were found for each query. */
  counts: Uint32Array;
  /** 1 for each query whose hits are below the goal: eight bits do not hold the rows apart. */
  belowGoal: Uint8Array;
  /** Their ids. */
  ids: Float64Array;
  /** How similar they are. */
  similarities: Float32Array;
  /** Their labels. */
  labels: Uint32Array;
  /** How far they are to be trusted, 0 to 1. */
  confidences: Float32Array;
}

/** A row without its vector. */
export interface Row {
  /** Its label. */
  label: number;
  /** How far it is to be trusted, 0 to 1. */
  confidence: number;
  /** How often its use was recorded. */
  uses: number;
  /** When it was last used, or learned, in milliseconds. */
  lastUse: number;
}

/** A share that was measured, and between which bounds it is with 95 % certainty. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

/** How well a bank is searched, by what it has measured on its own rows. */
export interface Health {
  /** Rows in the bank. */
  rows: number;
  /** Rows whose nearest ten others are known. */
  sampled: number;
  /** Rows with the vector of another. */
  equal: number;
  /** What eight bits leave of the recall, where these alone are kept. */
  codes: Estimate | undefined;
  /** The way of a search with the default goal. */
  method: "scan" | "graph";
  /** Why. */
  reason: string;
  /** Candidates of its walk, 0 for a scan. */
  ef: number;
  /** The recall that it reaches. */
  recall: Estimate;
  /** Whether that is below 0.99: floats would have to be kept. */
  isBelowGoal: boolean;
}

/**
 * Vectors with labels, and the nearest of them to a query, in a piece of memory of fixed size.
 *
 * Whatever fails throws and changes nothing. Ids are numbers above 0 that are never used again; they
 * remain valid over a save. After a reload of the page the ids that a bank gives may look other than
 * those that it gave before: compare rows by their labels then.
 *
 * @example
 * ```js
 * import { init, Bank } from "sensilla/bank";
 * await init();
 * const bank = new Bank(3, 1000); // dimensions, rows
 * const id = bank.insert([0.9, 0.1, 0], 7);
 * bank.search([1, 0, 0.1], { k: 5 })[0].id === id; // true
 * const bytes = bank.toBytes(); // Bank.open(bytes) is the same bank
 * bank.free();
 * ```
 */
export class Bank {
  /** Components of a vector. */
  readonly dimensions: number;
  /** Most rows at a time. */
  readonly capacity: number;
  /** Bytes of the bank, all it ever takes. */
  readonly byteLength: number;
  /** How components are kept. */
  readonly keep: NonNullable<BankOptions["keep"]>;
  /** What makes two vectors similar. */
  readonly metric: NonNullable<BankOptions["metric"]>;
  /** Which searches the memory is laid out for. */
  readonly layout: NonNullable<BankOptions["layout"]>;
  readonly #handle: Handle;

  /**
   * An empty bank.
   *
   * @param dimensions - Components of a vector, 1 to 8,192.
   * @param capacity - Most rows, 1 to 16,777,216. Their memory is taken at once.
   * @throws {@link SensillaError} `0x0111` where there is no memory for so many.
   */
  constructor(dimensions: number, capacity: number, options?: BankOptions);
  /** @internal */
  constructor(opened: Opened);
  constructor(dimensions: number | Opened, capacity?: number, options?: BankOptions) {
    let number;
    if (dimensions instanceof Opened) {
      number = dimensions.number;
    } else {
      const call = "new Bank";
      const d = check.whole(call, "dimensions", dimensions, 1, 8_192);
      const n = check.whole(call, "capacity", capacity, 1, 1 << 24);
      const given = check.options<BankOptions>(call, options, ["keep", "metric", "layout", "links", "efConstruction"]);
      const keep = check.one(call, "options.keep", given.keep ?? "bytes", ELEMENTS);
      const metric = check.one(call, "options.metric", given.metric ?? "cosine", METRICS);
      const layout = check.one(call, "options.layout", given.layout ?? "graph", LAYOUTS);
      const links = check.whole(call, "options.links", given.links ?? 16, 2, 32);
      const ef = check.whole(call, "options.efConstruction", given.efConstruction ?? 200, 8, 1_024);
      if (keep === "bits" && metric !== "cosine") {
        throw outOfRange(call, "options.metric", '"cosine", the only one for bits', metric);
      }
      const [element, kind, order] = [ELEMENTS.indexOf(keep), METRICS.indexOf(metric), LAYOUTS.indexOf(layout)];
      number = run(call, "bank_new", d, n, element + 1, kind + 1, order + 1, links, ef).number();
    }
    this.#handle = new Handle(this, "bank", "bank_free", number);
    const [d, n, , bytes, element, metric, layout] = run("new Bank", "bank_info", number).numbers(7);
    this.dimensions = d!;
    this.capacity = n!;
    this.byteLength = bytes!;
    this.keep = ELEMENTS[element! - 1]!;
    this.metric = METRICS[metric! - 1]!;
    this.layout = LAYOUTS[layout! - 1]!;
  }

  /**
   * The bank whose bytes {@link Bank.toBytes} gave, on this machine or another.
   *
   * @throws {@link SensillaError} `0x01..` for bytes that are no bank or were changed since.
   */
  static open(bytes: Bytes): Bank {
    const block = check.bytes("Bank.open", "bytes", bytes);
    const seal = sealOf(block);
    put("Bank.open", block);
    return new Bank(new Opened(run("Bank.open", "bank_open", block.length, saved.get(seal) ?? -1).number()));
  }

  /** Rows now. */
  get length(): number {
    return run("length", "bank_info", this.#handle.get("length")).numbers(3)[2]!;
  }

  /**
   * Adds a row and returns its id.
   *
   * @param vector - `dimensions` floats.
   * @param label - A number that the bank only keeps, 0 to 2³² − 1.
   * @throws {@link SensillaError} `0x0211` if the bank is full, `0x0203` for zeros under cosine.
   */
  insert(vector: Floats, label: number, options?: RowOptions): number {
    const call = "insert";
    const handle = this.#handle.get(call);
    const row = this.#row(call, vector, label, options);
    put(call, ...row);
    return run(call, "bank_insert", handle, 1).number();
  }

  /**
   * Adds many rows, all or none; returns their ids.
   *
   * @param vectors - Rows of `dimensions` floats, end to end.
   * @param labels - A label for each.
   */
  insertBatch(vectors: Floats, labels: Labels, options?: RowsOptions): Float64Array {
    const call = "insertBatch";
    const handle = this.#handle.get(call);
    const given = check.options<RowsOptions>(call, options, ["confidence", "at"]);
    const all = check.floats(call, "vectors", vectors, this.dimensions);
    const rows = all.length / this.dimensions;
    const said = [
      check.labels(call, "labels", labels, rows),
      check.shares(call, "options.confidence", given.confidence ?? 1, rows),
      check.times(call, "options.at", given.at ?? 0, rows),
    ];
    if (rows === 0) return new Float64Array();
    put(call, all, ...said);
    return run(call, "bank_insert", handle, rows).view(Float64Array, 8, rows, rows).slice();
  }

  /**
   * Adds a row; if the bank is full, the row that is worth least goes for it: confidence times uses
   * over the time since its last use.
   */
  insertEvicting(vector: Floats, label: number, options?: RowOptions): { id: number; evicted?: { id: number; label: number } } {
    const call = "insertEvicting";
    const handle = this.#handle.get(call);
    const row = this.#row(call, vector, label, options);
    put(call, ...row);
    const [id, gone, was] = run(call, "bank_insert_evicting", handle).numbers(3);
    return Number.isNaN(gone) ? { id: id! } : { id: id!, evicted: { id: gone!, label: was! } };
  }

  /**
   * Replaces the vector of a row and what is said of it; the row keeps its id and its uses.
   *
   * @param vector - `dimensions` floats, or `null` to keep those that are there.
   * @throws {@link SensillaError} `0x0221` or `0x0241` of an id that is not there.
   */
  update(id: number, vector: Floats | null, label: number, options?: RowOptions): void {
    const call = "update";
    const handle = this.#handle.get(call);
    const which = check.count(call, "id", id);
    const row = vector === null ? this.#said(call, label, options) : this.#row(call, vector, label, options);
    put(call, ...row);
    run(call, "bank_update", handle, which, vector === null ? 0 : 1);
  }

  /**
   * Removes a row for good, or many, all or none.
   *
   * @throws {@link SensillaError} `0x0241` of an id that is not there, or is there twice.
   */
  remove(id: number | Float64Array | readonly number[]): void {
    const call = "remove";
    const handle = this.#handle.get(call);
    const which = check.ids(call, "id", id);
    put(call, which);
    run(call, "bank_remove", handle, which.length);
  }

  /** What is known of a row besides its vector; `undefined` of one that is not there. */
  get(id: number): Row | undefined {
    const call = "get";
    const found = run(call, "bank_get", this.#handle.get(call), check.count(call, "id", id));
    if (found.isEmpty) return undefined;
    const [label, confidence, uses, lastUse] = found.numbers(4);
    return { label: label!, confidence: confidence! / 65_535, uses: uses!, lastUse: lastUse! };
  }

  /** The vector of a row as the bank keeps it: of length one under cosine, rounded without floats. */
  vector(id: number, into?: Float32Array): Float32Array {
    const call = "vector";
    const handle = this.#handle.get(call);
    const which = check.count(call, "id", id);
    const to = into === undefined ? undefined : check.target(call, "into", into, this.dimensions);
    const d = this.dimensions;
    const found = run(call, "bank_vector", handle, which).view(Float32Array, 4, d, d);
    if (to === undefined) return found.slice();
    to.set(found);
    return to;
  }

  /** All rows by id and label. */
  rows(): { ids: Float64Array; labels: Uint32Array } {
    const length = this.length;
    const found = run("rows", "bank_entries", this.#handle.get("rows"));
    return {
      ids: found.view(Float64Array, 8, length, length).slice(),
      labels: found.view(Uint32Array, 4, length, length).slice(),
    };
  }

  /**
   * The rows most similar to a query, the most similar first.
   *
   * @param query - `dimensions` floats.
   * @example
   * ```js
   * bank.search(query, { k: 5, labels: [1, 2] });
   * bank.search(query, { goal: "exact", where: (label) => label % 2 === 0 });
   * ```
   */
  search(query: Floats, options?: SearchOptions): Hit[] {
    const call = "search";
    this.#handle.get(call);
    const given = check.options<SearchOptions>(call, options, SEARCH);
    const vector = check.floats(call, "query", query, this.dimensions, 1);
    const { result, most } = this.#search(call, vector, 1, given);
    const found = result.view(Uint32Array, 4, 1, 1)[0]! & COUNT;
    const ids = result.view(Float64Array, 8, found, most);
    const similarities = result.view(Float32Array, 4, found, most);
    const labels = result.view(Uint32Array, 4, found, most);
    const confidences = result.view(Float32Array, 4, found, most);
    const hits: Hit[] = [];
    for (let at = 0; at < found; at++) {
      hits.push({
        id: ids[at]!,
        label: labels[at]!,
        similarity: similarities[at]!,
        confidence: confidences[at]!,
      });
    }
    return hits;
  }

  /**
   * The rows most similar to each of many queries.
   *
   * @param queries - Rows of `dimensions` floats, end to end.
   */
  searchBatch(queries: Floats, options?: SearchBatchOptions): Hits {
    const call = "searchBatch";
    this.#handle.get(call);
    const given = check.options<SearchBatchOptions>(call, options, [...SEARCH, "into"]);
    const vectors = check.floats(call, "queries", queries, this.dimensions);
    const count = vectors.length / this.dimensions;
    const k = check.whole(call, "options.k", given.k ?? 10, 0, MAX_NEIGHBOURS);
    const into = given.into === undefined ? undefined : roomy(call, given.into, count, count * Math.min(k, this.length));
    const { result, most } = this.#search(call, vectors, count, given);
    const counts = result.view(Uint32Array, 4, count, count);
    let found = 0;
    for (const word of counts) found += word & COUNT;
    const hits = into ?? hitsFor(count, found / Math.max(count, 1));
    for (let at = 0; at < count; at++) {
      hits.counts[at] = counts[at]! & COUNT;
      hits.belowGoal[at] = counts[at]! >>> 31;
    }
    hits.ids.set(result.view(Float64Array, 8, found, most));
    hits.similarities.set(result.view(Float32Array, 4, found, most));
    hits.labels.set(result.view(Uint32Array, 4, found, most));
    hits.confidences.set(result.view(Float32Array, 4, found, most));
    return hits;
  }

  /** How well the bank is searched. Cost: a look at every row. */
  health(): Health {
    const told = run("health", "bank_health", this.#handle.get("health"));
    const estimate = (): Estimate => {
      const [mean, low, high] = told.numbers(3);
      return { mean: mean!, low: low!, high: high! };
    };
    const [rows, sampled, equal] = told.numbers(3);
    const codes = estimate();
    const method = told.number() === 1 ? "graph" : "scan";
    const ef = told.number();
    const recall = estimate();
    return {
      rows: rows!,
      sampled: sampled!,
      equal: equal!,
      codes: Number.isNaN(codes.mean) ? undefined : codes,
      method,
      ef,
      recall,
      isBelowGoal: told.number() === 1,
      reason: told.text(),
    };
  }

  /**
   * Looks at `budget` rows of the graph and links those better that searches would miss. About one
   * insertion's work a row.
   */
  audit(budget: number): { checked: number; mended: number; isRoundDone: boolean } {
    const rows = check.u32("audit", "budget", budget);
    const [checked, mended, done] = run("audit", "bank_audit", this.#handle.get("audit"), rows).numbers(3);
    return { checked: checked!, mended: mended!, isRoundDone: done === 1 };
  }

  /** SHA-256 of the bank's bytes: equal after the same calls in the same order, on every machine. */
  digest(): Uint8Array {
    return run("digest", "bank_digest", this.#handle.get("digest")).bytes(32);
  }

  /** The bytes of the bank, with their hash among them: what {@link Bank.open} takes. */
  toBytes(): Uint8Array {
    const handle = this.#handle.get("toBytes");
    const bytes = run("toBytes", "bank_save", handle).bytes(this.byteLength);
    const mark = run("toBytes", "bank_info", handle).numbers(8)[7]!;
    if (mark >= 0) {
      const [oldest] = saved.keys();
      if (saved.size >= REMEMBERED && oldest !== undefined) saved.delete(oldest);
      saved.set(sealOf(bytes), mark);
    }
    return bytes;
  }

  /** Gives the bank's memory back. Further calls of this are nothing; all others throw. */
  free(): void {
    this.#handle.free();
  }

  /** One row, as arguments. */
  #row(call: string, vector: Floats, label: number, options?: RowOptions): ArrayBufferView[] {
    return [check.floats(call, "vector", vector, this.dimensions, 1), ...this.#said(call, label, options)];
  }

  /** What is said of one row, as arguments. */
  #said(call: string, label: number, options?: RowOptions): ArrayBufferView[] {
    const given = check.options<RowOptions>(call, options, ["confidence", "at"]);
    return [
      Uint32Array.of(check.u32(call, "label", label)),
      Uint16Array.of(check.share(call, "options.confidence", given.confidence ?? 1)),
      numbers(check.time(call, "options.at", given.at ?? 0)),
    ];
  }

  #search(call: string, vectors: Float32Array, queries: number, given: SearchOptions): { result: Result; most: number } {
    const k = check.whole(call, "options.k", given.k ?? 10, 0, MAX_NEIGHBOURS);
    let [goal, value] = [0, 0.99];
    if (given.ef !== undefined) {
      if (given.goal !== undefined) throw wrongKind(call, "options", "a goal or ef, not both", given);
      [goal, value] = [2, check.whole(call, "options.ef", given.ef, 1, MAX_NEIGHBOURS)];
    } else if (typeof given.goal === "number") {
      if (!(given.goal >= 0 && given.goal <= 1)) throw outOfRange(call, "options.goal", '"exact" or 0 to 1', given.goal);
      value = given.goal;
    } else if (given.goal !== undefined) {
      check.one(call, "options.goal", given.goal, ["exact"]);
      goal = 1;
    }
    const [kind, filter] = this.#filter(call, given);
    const elements = kind === 3 ? filter.byteLength : filter.byteLength / 4;
    put(call, vectors, filter);
    // A function that was asked about labels may have freed the bank.
    const handle = this.#handle.get(call);
    const result = run(call, "bank_search", handle, queries, k, goal, value, kind, elements);
    return { result, most: result.number() };
  }

  #filter(call: string, given: SearchOptions): [number, Uint8Array | Uint32Array] {
    const ways = (["labels", "except", "bitmap", "where"] as const).filter((way) => given[way] !== undefined);
    if (ways.length > 1) throw wrongKind(call, "options", `one of ${ways.join(", ")}`, given);
    switch (ways[0]) {
      case "labels":
        return [1, check.labels(call, "options.labels", given.labels).slice().sort()];
      case "except":
        return [2, check.labels(call, "options.except", given.except).slice().sort()];
      case "bitmap":
        return [3, check.bytes(call, "options.bitmap", given.bitmap)];
      case "where": {
        const where: unknown = given.where;
        if (typeof where !== "function") throw wrongKind(call, "options.where", "a function of a label", where);
        // What the function does to the bank, it does before the search begins.
        const labels = [...new Set(this.rows().labels)];
        const taken = labels.filter((label) => check.flag(call, "options.where()", where(label)));
        return [1, Uint32Array.from(taken).sort()];
      }
      default:
        return [0, new Uint8Array()];
    }
  }
}

export interface Bank extends Disposable {}
disposable(Bank);

/** A bank of the module that has no object yet. */
class Opened {
  constructor(readonly number: number) {}
}

/** Banks that were saved lately, by their seals: ids of one that comes back look as they did. */
const saved = new Map<string, number>();
const REMEMBERED = 64;

/** The SHA-256 in the head of a bank. */
const sealOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(96, 128));

const SEARCH = ["k", "goal", "ef", "labels", "except", "bitmap", "where"] as const;
const COUNT = 0x7fff_ffff;

/** Arrays with room for `k` hits of each of so many queries, for {@link SearchBatchOptions.into}. */
export function hitsFor(queries: number, k: number): Hits {
  const room = Math.round(queries * k);
  return {
    counts: new Uint32Array(queries),
    belowGoal: new Uint8Array(queries),
    ids: new Float64Array(room),
    similarities: new Float32Array(room),
    labels: new Uint32Array(room),
    confidences: new Float32Array(room),
  };
}

/** The arrays of a caller, if they have room. */
function roomy(call: string, given: unknown, queries: number, most: number): Hits {
  if (typeof given !== "object" || given === null) throw wrongKind(call, "options.into", "what hitsFor() makes", given);
  const { counts, belowGoal, ids, similarities, labels, confidences } = given as Hits;
  const into = { counts, belowGoal, ids, similarities, labels, confidences };
  for (const [name, array, kind, length] of [
    ["counts", counts, Uint32Array, queries],
    ["belowGoal", belowGoal, Uint8Array, queries],
    ["ids", ids, Float64Array, most],
    ["similarities", similarities, Float32Array, most],
    ["labels", labels, Uint32Array, most],
    ["confidences", confidences, Float32Array, most],
  ] as const) {
    const expected = `a ${kind.name} of ${length} or more`;
    if (!(array instanceof kind)) throw wrongKind(call, `options.into.${name}`, expected, array);
    if (array.length < length) throw outOfRange(call, `options.into.${name}`, expected, array);
  }
  return into;
}
