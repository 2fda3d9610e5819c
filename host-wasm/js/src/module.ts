// The module: loaded once, and called through two pieces of its memory.

import { Code, SensillaError, isBuffer } from "./error.js";
import * as source from "#source";

type Exports = typeof import("./exports.js");
/** A function of the module. */
export type Name = {
  [K in keyof Exports]: Exports[K] extends (...numbers: never[]) => number | void ? K : never;
}[keyof Exports];
type Call = (...numbers: number[]) => number;

/**
 * What wasm-bindgen lets every module import: the filling of a table of values of JavaScript, of which this one
 * takes none.
 */
const IMPORTS = { "./sensilla_wasm_bg.js": { __wbindgen_init_externref_table: () => {} } };

let module: Exports | undefined;
let loading: Promise<void> | undefined;
let defect: unknown;
// The memory as bytes, anew whenever it grows; where arguments are written, and how many fit there.
let heap = new Uint8Array();
let at = 0;
let room = 0;

/** More than the module keeps of the memory for arguments once a call needs less. */
const MUCH = 1 << 20;

/** A module without content that has an instruction of 128 bits: valid where these are there. */
const PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);

/** Where the module may be: its bytes, a compiled module, a response or where to fetch it. */
export type Input = Uint8Array | ArrayBuffer | WebAssembly.Module | Response | URL | string;

/** Whether vector instructions of 128 bits are there, for which the package has a build of its own. */
export const hasSimd = (): boolean => WebAssembly.validate(PROBE);

/**
 * Loads the module, once: all later calls return the same promise. Nothing is loaded before, so that
 * the package can be imported anywhere.
 *
 * @param input - The module, where it is not to be found beside this file: bytes, a compiled
 *   `WebAssembly.Module`, a `Response` or a URL.
 * @throws {@link SensillaError} `0x2221` if there is none; another call may try again.
 * @example
 * ```js
 * import { init, Bank } from "sensilla/bank";
 * await init();
 * ```
 */
export function init(input?: Input | Promise<Input>): Promise<void> {
  if (module !== undefined) return Promise.resolve();
  loading ??= load(input).finally(() => {
    loading = undefined;
  });
  return loading;
}

/**
 * Loads the module from its bytes or from a compiled one, at once.
 *
 * @example
 * ```js
 * import wasm from "sensilla/bank.wasm"; // where the bundler or runtime gives a module for it
 * initSync(wasm);
 * ```
 */
export function initSync(input: Uint8Array | ArrayBuffer | WebAssembly.Module): void {
  if (module !== undefined) return;
  try {
    const compiled = input instanceof WebAssembly.Module ? input : new WebAssembly.Module(input as BufferSource);
    begin(new WebAssembly.Instance(compiled, IMPORTS));
  } catch (cause) {
    throw unloaded(cause);
  }
}

async function load(input?: Input | Promise<Input>): Promise<void> {
  try {
    const given = await (input ?? source.find(hasSimd()));
    if (given instanceof WebAssembly.Module) {
      begin(await WebAssembly.instantiate(given, IMPORTS));
    } else {
      const bytes = await fetched(given as Fetched);
      begin((await WebAssembly.instantiate(bytes as BufferSource, IMPORTS)).instance);
    }
  } catch (cause) {
    throw unloaded(cause);
  }
}

type Fetched = Uint8Array | ArrayBuffer | Response | URL | string;

async function fetched(given: Fetched): Promise<Uint8Array | ArrayBuffer> {
  if (given instanceof Uint8Array || isBuffer(given)) return given as Uint8Array;
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  return await response.arrayBuffer();
}

function unloaded(cause: unknown): SensillaError {
  const told = cause instanceof Error ? cause.message : String(cause);
  return new SensillaError(`init: the module could not be loaded: ${told}`, Code.loadFailed, { cause });
}

function begin(instance: WebAssembly.Instance): void {
  module = instance.exports as unknown as Exports;
  defect = undefined;
  heap = new Uint8Array(module.memory.buffer);
  at = room = 0;
}

function running(call: string): Exports {
  if (module === undefined) {
    throw defect === undefined
      ? new SensillaError(`${call}: the module is not loaded; call \`await init()\` first`, Code.notLoaded)
      : new SensillaError(
          `${call}: the module ended by a defect before; what was saved is safe: load it anew with init()`,
          Code.defect,
          { cause: defect },
        );
  }
  return module;
}

/** Whatever the module throws is its end: what it was in the middle of stays half done. */
function ended(call: string, cause: unknown): SensillaError {
  module = undefined;
  defect = cause;
  return new SensillaError(`${call}: the module ended by a defect: ${String(cause)}`, Code.defect, { cause });
}

function bytes(exports: Exports): Uint8Array {
  // A memory that has grown leaves the old view without bytes.
  if (heap.length === 0) heap = new Uint8Array(exports.memory.buffer);
  return heap;
}

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Writes the arguments of the next call, each on eight bytes. */
export function put(call: string, ...sections: ArrayBufferView[]): void {
  const exports = running(call);
  let total = 0;
  for (const section of sections) total += padded(section.byteLength);
  if (total > room || room > MUCH) {
    // An address and a length are 32 bits.
    if (total > 0x7fff_ffff) throw full(call);
    at = exports.room(total) >>> 0;
    if (at === 0) {
      room = 0;
      throw full(call);
    }
    room = total;
  }
  const to = bytes(exports);
  let place = at;
  for (const section of sections) {
    to.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), place);
    place += padded(section.byteLength);
  }
}

function full(call: string): SensillaError {
  return new SensillaError(
    `${call}: the memory of the module is used up; free what is not used any more`,
    Code.outOfMemory,
  );
}

/** Calls the module; what it came to is to be read before the next call. */
export function run(call: string, name: Name, ...numbers: number[]): Result {
  const exports = running(call);
  let code: number;
  try {
    code = (exports[name] as Call)(...numbers);
  } catch (cause) {
    throw ended(call, cause);
  }
  const start = exports.output() >>> 0;
  if (code !== 0) {
    const end = start + (exports.output_bytes() >>> 0);
    throw new SensillaError(`${call}: ${decoder.decode(bytes(exports).slice(start, end))}`, code);
  }
  return new Result(bytes(exports), start, exports);
}

/** Frees an object, if the module is still there. */
export function release(name: Name, object: number): void {
  if (module === undefined) return;
  try {
    (module[name] as Call)(object);
  } catch (cause) {
    ended(name, cause);
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What a call came to, read in the order in which it was written. What is read is a copy. */
export class Result {
  constructor(
    private readonly heap: Uint8Array,
    private place: number,
    private readonly exports: Exports,
  ) {}

  /** Whether there is nothing. */
  get isEmpty(): boolean {
    return this.exports.output_bytes() === 0;
  }

  /** Bytes that were not read. */
  get left(): number {
    return (this.exports.output() >>> 0) + (this.exports.output_bytes() >>> 0) - this.place;
  }

  number(): number {
    const number = new Float64Array(this.heap.buffer, this.place, 1)[0]!;
    this.place += 8;
    return number;
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.number());
  }

  bytes(count: number): Uint8Array {
    const bytes = this.heap.slice(this.place, this.place + count);
    this.place += padded(count);
    return bytes;
  }

  text(): string {
    return decoder.decode(this.bytes(this.number()));
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** A view of the next elements, of which `room` have their place there: to be copied at once. */
  view<T>(make: new (buffer: ArrayBufferLike, offset: number, length: number) => T, size: number, count: number, room: number): T {
    const view = new make(this.heap.buffer, this.place, count);
    this.place += padded(size * room);
    return view;
  }
}

/** Numbers as an argument. */
export const numbers = (...values: number[]): Float64Array => Float64Array.from(values);

/** Bytes behind their number. */
export const counted = (bytes: Uint8Array): [Float64Array, Uint8Array] => [numbers(bytes.length), bytes];

/** Text behind the number of its bytes. */
export const written = (text: string): [Float64Array, Uint8Array] => counted(encoder.encode(text));
