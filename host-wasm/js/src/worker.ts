import { Code, SensillaError, wrongKind } from "./error.js";
import type { Author } from "./author.js";
import type { Bank } from "./bank.js";
import type { Bytes } from "./check.js";
import type { History } from "./history.js";
import type { Log } from "./log.js";
import type { Answer, Ask, Kind } from "./protocol.js";
import type { Recogniser } from "./recogniser.js";
import type { Saved, StoreOptions } from "./store.js";
import { spawn } from "#worker";

/** The classes of a worker, by name. */
export interface Classes {
  Bank: typeof Bank;
  Recogniser: typeof Recogniser;
  Log: typeof Log;
  History: typeof History;
  Author: typeof Author;
}

/** How a call goes that is made of pieces: `insertBatch`, `searchBatch` and `ingestBatch`. */
export interface CallOptions {
  /** Ends the call between two pieces. What was inserted until then is taken out again. */
  signal?: AbortSignal;
  /** Told after each piece how many rows are done, and of how many. */
  onProgress?: (done: number, of: number) => void;
  /** Hands the memory of typed arrays over instead of copying it: the page has them no more. */
  transfer?: boolean;
}

type Methods<T> = { [K in keyof T as K extends string ? (T[K] extends (...given: never[]) => unknown ? K : never) : never]: T[K] };
type Later<F> = F extends (...given: infer G) => infer R ? (...given: G) => Promise<R> : never;

/** An object in a worker: every method of it, answered later. */
export type Remote<T> = { [K in keyof Methods<T>]: Later<Methods<T>[K]> } & {
  /** A property of it, such as `length`. */
  read<K extends keyof T>(name: K): Promise<T[K]>;
  /** A call of many rows with a signal, progress, or memory that is handed over. */
  inPieces<K extends keyof Methods<T>>(
    options: CallOptions,
    method: K,
    ...given: T[K] extends (...given: infer G) => unknown ? G : never
  ): Promise<T[K] extends (...given: never[]) => infer R ? R : never>;
  /** Saves it under a name, from within the worker; see `save` of `sensilla/store`. */
  saveAs(name: string, options?: StoreOptions): Promise<Saved>;
};

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress?: ((done: number, of: number) => void) | undefined;
}

/** A port to a worker, of the browser or of Node. */
interface Port {
  postMessage(message: unknown, transfer?: unknown[]): void;
  terminate(): unknown;
}

/**
 * Everything of the package in a worker, so that no call holds the page up.
 *
 * @example
 * ```js
 * import { SensillaWorker } from "sensilla/worker";
 * const worker = await SensillaWorker.start();
 * const bank = await worker.make("Bank", 384, 10_000);
 * await bank.inPieces({ signal, onProgress: (done, of) => bar.set(done / of) }, "insertBatch", vectors, labels);
 * const hits = await bank.search(query, { k: 5 });
 * await bank.saveAs("words");
 * worker.end();
 * ```
 */
export class SensillaWorker {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #ended: SensillaError | undefined;
  /** Tells Node whether somebody waits for the worker. */
  #waits: (waits: boolean) => void = () => {};

  private constructor(port: Port) {
    this.#port = port;
    const heard = (answer: Answer): void => this.#hear(answer);
    const failed = (cause: unknown): void => this.#fail(cause);
    if ("on" in port) {
      const node = port as unknown as import("node:worker_threads").Worker;
      node.on("message", heard).on("error", failed).on("exit", () => failed("it ended"));
      this.#waits = (waits) => (waits ? node.ref() : node.unref());
      // A script that waits for no answer may end.
      node.unref();
    } else {
      const web = port as unknown as Worker;
      web.onmessage = ({ data }: MessageEvent<Answer>) => heard(data);
      web.onerror = (event) => failed(event.message || "its script could not be loaded");
      web.onmessageerror = () => failed("a message could not be read");
    }
  }

  /**
   * Starts a worker and loads the module in it.
   *
   * @param worker - A worker of your own that runs `sensilla/worker.main.js`, where a bundler does not
   *   find it by itself.
   * @throws {@link SensillaError} `0x2240` if the worker does not start.
   */
  static async start(worker?: Worker): Promise<SensillaWorker> {
    let port: Port;
    try {
      port = (worker ?? (await spawn())) as unknown as Port;
    } catch (cause) {
      throw new SensillaError(`start: the worker could not be started: ${String(cause)}`, Code.worker, { cause });
    }
    const started = new SensillaWorker(port);
    await started.#ask({ id: 0, do: "init" });
    return started;
  }

  /** Makes an object of a class, with the arguments of its constructor. */
  make<K extends Kind>(kind: K, ...given: ConstructorParameters<Classes[K]>): Promise<Remote<InstanceType<Classes[K]>>> {
    return this.#object({ id: 0, do: "make", kind, given: given.map(referred) });
  }

  /** Opens an object from its bytes. */
  open<K extends Exclude<Kind, "Author">>(kind: K, bytes: Bytes): Promise<Remote<InstanceType<Classes[K]>>> {
    return this.#object({ id: 0, do: "open", kind, bytes });
  }

  /** Opens what was saved under a name; see `load` of `sensilla/store`. */
  load<K extends Exclude<Kind, "Author">>(kind: K, name: string, options?: StoreOptions): Promise<Remote<InstanceType<Classes[K]>>> {
    return this.#object({ id: 0, do: "load", kind, name, options });
  }

  /** Ends the worker and all that is in it. Calls that are not answered fail. */
  end(): void {
    this.#fail("it was ended");
    void this.#port.terminate();
  }

  async #object<T>(ask: Ask): Promise<Remote<T>> {
    const object = (await this.#ask(ask)) as number;
    return this.#remote<T>(object);
  }

  #remote<T>(object: number): Remote<T> {
    const own: Record<string, unknown> = {
      [OBJECT]: object,
      read: (name: string) => this.#ask({ id: 0, do: "read", object, name }),
      saveAs: (name: string, options: unknown) => this.#ask({ id: 0, do: "save", object, name, options }),
      free: () => this.#ask({ id: 0, do: "free", object }),
      inPieces: (options: CallOptions, method: string, ...given: unknown[]) => this.#call(object, method, given, options ?? {}, true),
    };
    return new Proxy(own, {
      get: (own, name) => {
        // What is awaited is asked for this; a worker's object is not to wait for.
        if (name === "then") return undefined;
        if (typeof name === "symbol" || name in own) return own[name as string];
        return (...given: unknown[]) => this.#call(object, name, given, {}, false);
      },
    }) as Remote<T>;
  }

  async #call(object: number, method: string, given: unknown[], options: CallOptions, inPieces: boolean): Promise<unknown> {
    const { signal, onProgress, transfer } = options;
    signal?.throwIfAborted();
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw wrongKind(method, "onProgress", "a function of two numbers", onProgress);
    }
    const ask: Ask = { id: 0, do: "call", object, method, given: given.map(referred), inPieces };
    const answer = this.#ask(ask, transfer === true ? buffers(given) : [], onProgress);
    if (signal === undefined) return await answer;
    const abort = (): void => this.#port.postMessage({ id: ask.id, do: "abort" } satisfies Ask);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await answer;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #ask(ask: Ask, transfer: unknown[] = [], progress?: Waiting["progress"]): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    ask.id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ask.id, { resolve, reject, progress });
      this.#waits(true);
      try {
        this.#port.postMessage(ask, transfer);
      } catch (cause) {
        this.#waiting.delete(ask.id);
        const told = cause instanceof Error ? cause.message : String(cause);
        reject(new SensillaError(`${ask.do}: the arguments cannot go to a worker: ${told}`, Code.wrongKind, { cause }));
      }
    });
  }

  #hear(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ("done" in answer) {
      waiting.progress?.(answer.done, answer.of);
      return;
    }
    this.#waiting.delete(answer.id);
    this.#waits(this.#waiting.size > 0);
    if ("result" in answer) {
      waiting.resolve(answer.result);
    } else {
      waiting.reject(errorOf(answer.error));
    }
  }

  #fail(cause: unknown): void {
    const told = cause instanceof Error ? cause.message : String(cause);
    this.#ended ??= new SensillaError(`the worker ended: ${told}`, Code.worker, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}

const OBJECT = Symbol("object");

/** An argument as it goes to the worker: its own objects by their numbers. */
function referred(given: unknown): unknown {
  const object = typeof given === "object" && given !== null ? (given as { [OBJECT]?: number })[OBJECT] : undefined;
  return object === undefined ? given : { sensillaObject: object };
}

/** The memory of typed arrays, each once. */
function buffers(given: unknown[]): ArrayBuffer[] {
  const found = given.filter((one) => ArrayBuffer.isView(one) || one instanceof ArrayBuffer);
  const all = found.map((one) => (one instanceof ArrayBuffer ? one : (one as ArrayBufferView).buffer));
  return [...new Set(all)].filter((one): one is ArrayBuffer => one instanceof ArrayBuffer);
}

function errorOf({ kind, message, code }: { kind: string; message: string; code: number }): Error {
  if (kind === "TypeError") return Object.assign(new TypeError(message), { code });
  if (kind === "RangeError") return Object.assign(new RangeError(message), { code });
  return new SensillaError(message, code);
}
