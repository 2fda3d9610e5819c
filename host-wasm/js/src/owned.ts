// Objects of the module: freed when they are told to be, when a `using` ends, or when nobody has them.

import { Code, SensillaError } from "./error.js";
import { type Name, release } from "./module.js";

interface Held {
  readonly free: Name;
  readonly number: number;
}

const forgotten =
  typeof FinalizationRegistry === "undefined"
    ? undefined
    : new FinalizationRegistry<Held>((held) => release(held.free, held.number));

/** The module's number of an object, until it is freed. */
export class Handle {
  #number: number;

  constructor(
    owner: object,
    private readonly what: string,
    private readonly freeing: Name,
    number: number,
  ) {
    this.#number = number;
    forgotten?.register(owner, { free: freeing, number }, this);
  }

  /** The number, for a call. */
  get(call: string): number {
    if (this.#number === 0) throw new SensillaError(`${call}: the ${this.what} was freed; make another`, Code.freed);
    return this.#number;
  }

  get isFreed(): boolean {
    return this.#number === 0;
  }

  free(): void {
    if (this.#number === 0) return;
    forgotten?.unregister(this);
    release(this.freeing, this.#number);
    this.#number = 0;
  }
}

/** Lets `using` free objects of a class where the language has it. */
export function disposable(made: { prototype: { free(): void } }): void {
  const symbol: symbol | undefined = Symbol.dispose;
  if (symbol === undefined) return;
  Object.defineProperty(made.prototype, symbol, {
    configurable: true,
    value(this: { free(): void }) {
      this.free();
    },
  });
}
