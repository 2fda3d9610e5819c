import * as check from "./check.js";
import type { Bytes, Floats } from "./check.js";
import { put, run, written } from "./module.js";
import { Handle, disposable } from "./owned.js";

/** How a recogniser sees samples, and how much it keeps. */
export interface RecogniserOptions {
  /** Most patterns that it learns, 1 to 1,048,576; by default 64. */
  patterns?: number;
  /**
   * Components of a window's vector: `"small"` (64 and fewer kernels, what a microcontroller takes),
   * `"large"` (512 in two sketches), or a multiple of 16 up to 4,096; by default `"small"`.
   */
  size?: "small" | "large" | number;
  /** Samples a second, if they are known; by default they are not. */
  rate?: number;
  /** Bytes of all names of labels together; by default 16 for each pattern. */
  names?: number;
}

/** What a window resembles. */
export interface Recall {
  /** The name that the nearest pattern was learned under. */
  label: string;
  /** The number of that name, from 0 in order of first use. */
  number: number;
  /** How near the pattern is, 1 to 0: one half where windows of its kind usually are. */
  similarity: number;
  /** The share of recalls as clear as this one that were right, as recalls so far went. */
  confidence: number;
  /** How unlike everything learned the window is, 0 and up. */
  novelty: number;
  /** The share of the last windows that were at least this novel. */
  rarity: number;
  /** How much nearer the pattern is than that of any other label, 0 to 1. */
  margin: number;
}

/**
 * Says what a window of samples is, by the shapes in it, and learns as it goes.
 *
 * First a few windows show what is usual: each is pushed and ended with {@link Recogniser.calibrate};
 * {@link Recogniser.keepScales} ends that. Then each window is pushed and ended with
 * {@link Recogniser.embed}, whereupon it can be recalled and learned.
 *
 * @example
 * ```js
 * import { init, Recogniser } from "sensilla/recogniser";
 * await init();
 * const recogniser = new Recogniser(3, { rate: 60 }); // channels
 * for (const window of usual) {
 *   recogniser.push(window); // x, y, z of each sample, end to end
 *   recogniser.calibrate();
 * }
 * recogniser.keepScales();
 * recogniser.push(wave);
 * recogniser.embed();
 * recogniser.learn("wave");
 * recogniser.push(another);
 * recogniser.embed();
 * recogniser.recall()?.label; // "wave"
 * ```
 */
export class Recogniser {
  /** Values of a sample. */
  readonly channels: number;
  /** Components of a window's vector. */
  readonly dimensions: number;
  /** Most patterns. */
  readonly capacity: number;
  /** Bytes of the recogniser, all it ever takes. */
  readonly byteLength: number;
  readonly #handle: Handle;

  /**
   * A recogniser that has learned nothing.
   *
   * @param channels - Values of a sample, 1 to 256.
   */
  constructor(channels: number, options?: RecogniserOptions);
  /** @internal */
  constructor(opened: Opened);
  constructor(channels: number | Opened, options?: RecogniserOptions) {
    let number;
    if (channels instanceof Opened) {
      number = channels.number;
    } else {
      const call = "new Recogniser";
      const c = check.whole(call, "channels", channels, 1, 256);
      const given = check.options<RecogniserOptions>(call, options, ["patterns", "size", "rate", "names"]);
      const patterns = check.whole(call, "options.patterns", given.patterns ?? 64, 1, 1 << 20);
      const size = dimensionsOf(call, given.size ?? "small");
      const rate = given.rate === undefined ? 0 : millihertz(call, "options.rate", given.rate);
      const names = check.whole(call, "options.names", given.names ?? 16 * patterns, 1, 1 << 26);
      number = run(call, "recogniser_new", c, size, patterns, rate, names).number();
    }
    this.#handle = new Handle(this, "recogniser", "recogniser_free", number);
    const told = this.#info("new Recogniser");
    [this.channels, this.dimensions, this.capacity, , this.byteLength] = told as [number, number, number, number, number];
  }

  /**
   * The recogniser whose bytes {@link Recogniser.toBytes} gave, on this machine or another.
   *
   * @throws {@link SensillaError} `0x01..` for bytes that are none or were changed since.
   */
  static open(bytes: Bytes): Recogniser {
    const block = check.bytes("Recogniser.open", "bytes", bytes);
    put("Recogniser.open", block);
    return new Recogniser(new Opened(run("Recogniser.open", "recogniser_open", block.length).number()));
  }

  /** Patterns now. */
  get length(): number {
    return this.#info("length")[3]!;
  }

  /** Samples of the window so far. */
  get samples(): number {
    return this.#info("samples")[5]!;
  }

  /** Whether {@link Recogniser.keepScales} was called, so that windows can be recognised. */
  get isCalibrated(): boolean {
    return this.#info("isCalibrated")[6] === 1;
  }

  /** Windows learned, recalls that were made before one was learned, and those of them that were right. */
  get record(): { learned: number; recalls: number; right: number } {
    const [learned, recalls, right] = this.#info("record").slice(7);
    return { learned: learned!, recalls: recalls!, right: right! };
  }

  /** The names that were learned, by their numbers. */
  get labels(): string[] {
    const told = run("labels", "recogniser_labels", this.#handle.get("labels"));
    const names = [];
    while (told.left > 0) names.push(told.text());
    return names;
  }

  /**
   * Takes samples into the window, all or none.
   *
   * @param samples - One or many, `channels` values each, end to end.
   */
  push(samples: Floats): void {
    const handle = this.#handle.get("push");
    const all = check.floats("push", "samples", samples, this.channels);
    put("push", all);
    run("push", "recogniser_push", handle, all.length);
  }

  /** Refuses samples at another rate, in hertz, than those that were learned from. */
  checkRate(rate: number): void {
    const given = millihertz("checkRate", "rate", rate);
    run("checkRate", "recogniser_check_rate", this.#handle.get("checkRate"), given);
  }

  /** Ends a window that shows what is usual. */
  calibrate(): void {
    run("calibrate", "recogniser_calibrate", this.#handle.get("calibrate"));
  }

  /** Keeps the scales that the windows so far come to, for good. */
  keepScales(): void {
    run("keepScales", "recogniser_keep_scales", this.#handle.get("keepScales"));
  }

  /** Ends the window; its vector, of `dimensions` floats. The next sample begins another window. */
  embed(): Float32Array {
    const d = this.dimensions;
    return run("embed", "recogniser_embed", this.#handle.get("embed")).view(Float32Array, 4, d, d).slice();
  }

  /**
   * What the window that was ended last resembles; `undefined` while nothing was learned.
   *
   * @param options - `k`: how many patterns are compared closely, 1 to 16; by default 1.
   */
  recall(options?: { k?: number }): Recall | undefined {
    const given = check.options<{ k?: number }>("recall", options, ["k"]);
    const k = check.whole("recall", "options.k", given.k ?? 1, 1, 16);
    const told = run("recall", "recogniser_recall", this.#handle.get("recall"), k);
    if (told.isEmpty) return undefined;
    const [number, similarity, confidence, novelty, rarity, margin] = told.numbers(6) as [number, number, number, number, number, number];
    return { label: told.text(), number, similarity, confidence, novelty, rarity, margin };
  }

  /**
   * Learns that the window that was ended last is of a label; what it would have been recalled as goes
   * into the record first.
   *
   * @param label - Its name.
   * @param options - `at`: when, in milliseconds; by default 0.
   * @returns Whether it was merged into a pattern, else it opened one, and the number of the name.
   */
  learn(label: string, options?: { at?: number }): { isMerged: boolean; number: number } {
    const handle = this.#handle.get("learn");
    const given = check.options<{ at?: number }>("learn", options, ["at"]);
    const name = check.text("learn", "label", label);
    const at = check.time("learn", "options.at", given.at ?? 0);
    put("learn", ...written(name));
    const [merged, number] = run("learn", "recogniser_learn", handle, at).numbers(2);
    return { isMerged: merged === 1, number: number! };
  }

  /** Whether the window that was ended last stands out among the last ones, of which it becomes one. */
  watch(): boolean {
    return run("watch", "recogniser_watch", this.#handle.get("watch")).number() === 1;
  }

  /** SHA-256 of all bytes: equal after the same calls in the same order, on every machine. */
  digest(): Uint8Array {
    return run("digest", "recogniser_digest", this.#handle.get("digest")).bytes(32);
  }

  /** The recogniser's bytes, with their hash among them: what {@link Recogniser.open} takes. */
  toBytes(): Uint8Array {
    return run("toBytes", "recogniser_save", this.#handle.get("toBytes")).bytes(this.byteLength);
  }

  /** Gives the memory back. Further calls of this are nothing; all others throw. */
  free(): void {
    this.#handle.free();
  }

  #info(call: string): number[] {
    return run(call, "recogniser_info", this.#handle.get(call)).numbers(10);
  }
}

export interface Recogniser extends Disposable {}
disposable(Recogniser);

/** A recogniser of the module that has no object yet. */
class Opened {
  constructor(readonly number: number) {}
}

function dimensionsOf(call: string, size: unknown): number {
  if (typeof size !== "number") return check.one(call, "options.size", size, ["small", "large"]) === "small" ? 0 : 1;
  return 16 * check.whole(call, "options.size / 16", size / 16, 1, 256);
}

function millihertz(call: string, name: string, rate: unknown): number {
  return check.u32(call, `${name} in millihertz`, typeof rate === "number" ? Math.round(rate * 1_000) : rate);
}
