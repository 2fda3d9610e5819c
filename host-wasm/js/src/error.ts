/**
 * An error of the core or of what surrounds it, with the number that Rust and C have for it.
 *
 * Codes below `0x2200` are the core's, in the table of its module `error`. Those from `0x2200` on are
 * of this package:
 *
 * | code | what |
 * |---|---|
 * | `0x2201` | the object was freed |
 * | `0x2204` | no window was ended |
 * | `0x2205` | the module's memory is used up |
 * | `0x2210` | an argument is of the wrong kind (a `TypeError`) |
 * | `0x2211` | an argument is out of range (a `RangeError`) |
 * | `0x2220` | the module is not loaded yet |
 * | `0x2221` | the module could not be loaded |
 * | `0x2222` | the module ended by a defect |
 * | `0x2230` | there is no place to store in, as in private windows of some browsers |
 * | `0x2231` | the place is full |
 * | `0x2232` | another tab or process is writing under this name |
 * | `0x2233` | nothing is stored under this name |
 * | `0x2234` | what is stored under this name is damaged |
 * | `0x2235` | storing failed in another way, which `cause` tells |
 * | `0x2240` | the worker ended or could not be started |
 */
export class SensillaError extends Error {
  /** The stable number of the error. */
  readonly code: number;

  /** @internal */
  constructor(message: string, code: number, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "SensillaError";
    this.code = code;
  }
}

/** Codes of errors that this package has beside the core's. */
export const Code = {
  freed: 0x2201,
  noWindow: 0x2204,
  outOfMemory: 0x2205,
  wrongKind: 0x2210,
  outOfRange: 0x2211,
  notLoaded: 0x2220,
  loadFailed: 0x2221,
  defect: 0x2222,
  noStore: 0x2230,
  full: 0x2231,
  locked: 0x2232,
  missing: 0x2233,
  damaged: 0x2234,
  storeFailed: 0x2235,
  worker: 0x2240,
} as const;

/** A `TypeError` that names the call, the argument, what was expected and what came. */
export function wrongKind(call: string, name: string, expected: string, got: unknown): TypeError {
  const error = new TypeError(`${call}: ${name}: expected ${expected}, got ${shown(got)}`);
  return Object.assign(error, { code: Code.wrongKind });
}

/** A `RangeError` that names the call, the argument, what was expected and what came. */
export function outOfRange(call: string, name: string, expected: string, got: unknown): RangeError {
  const error = new RangeError(`${call}: ${name}: expected ${expected}, got ${shown(got)}`);
  return Object.assign(error, { code: Code.outOfRange });
}

/** A value in a few words. Reads nothing that could run code of the caller but what tells its kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 40 ? `a string of ${value.length}` : JSON.stringify(value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Object.is(value, -0)) return "-0";
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const view = value as ArrayBufferView & { length?: number };
    const gone = isDetached(value.buffer) ? ", which is detached" : "";
    return `${Object.prototype.toString.call(value).slice(8, -1)} of ${view.length ?? view.byteLength}${gone}`;
  }
  if (isBuffer(value)) {
    const gone = isDetached(value) ? ", which is detached" : "";
    return `${Object.prototype.toString.call(value).slice(8, -1)} of ${value.byteLength} bytes${gone}`;
  }
  return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`;
}

/** Whether a value is memory by itself. */
export function isBuffer(value: unknown): value is ArrayBufferLike {
  return (
    value instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) ||
    // One of another frame.
    /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value))
  );
}

/** Whether the memory was handed over to somebody else. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
