// Arguments as a caller gives them, checked and read once: what comes out of here is a number, a
// string or memory of our own kind, and no code of the caller runs between its check and its use.

import { isBuffer, isDetached, outOfRange, wrongKind } from "./error.js";

/** Floats that a caller may give: end to end, a row or many. */
export type Floats = Float32Array | readonly number[] | ArrayBuffer | SharedArrayBuffer;
/** Bytes that a caller may give. */
export type Bytes = Uint8Array | ArrayBuffer | SharedArrayBuffer;
/** Labels that a caller may give. */
export type Labels = Uint32Array | readonly number[] | ArrayBuffer | SharedArrayBuffer;

const U32 = 0xffff_ffff;

/** A whole number within bounds. */
export function whole(call: string, name: string, value: unknown, least: number, most: number): number {
  const expected = `a whole number, ${least} to ${most}`;
  if (typeof value !== "number") throw wrongKind(call, name, expected, value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(call, name, expected, value);
  }
  return value === 0 ? 0 : value;
}

/** A number of thirty-two bits. */
export const u32 = (call: string, name: string, value: unknown): number => whole(call, name, value, 0, U32);

/** A place or a count, as far as numbers are exact. */
export const count = (call: string, name: string, value: unknown): number =>
  whole(call, name, value, 0, Number.MAX_SAFE_INTEGER);

/** Milliseconds. */
export function time(call: string, name: string, value: unknown): number {
  const expected = "milliseconds, 0 to 2^48";
  if (typeof value !== "number") throw wrongKind(call, name, expected, value);
  if (!(value >= 0 && value <= 2 ** 48)) throw outOfRange(call, name, expected, value);
  return Math.floor(value);
}

/** A share of one, as a fraction of 65,535. */
export function share(call: string, name: string, value: unknown): number {
  const expected = "a number, 0 to 1";
  if (typeof value !== "number") throw wrongKind(call, name, expected, value);
  if (!(value >= 0 && value <= 1)) throw outOfRange(call, name, expected, value);
  return Math.round(value * 65_535);
}

/** Text without halves of characters. */
export function text(call: string, name: string, value: unknown): string {
  if (typeof value !== "string") throw wrongKind(call, name, "a string", value);
  if (/\p{Surrogate}/u.test(value)) throw outOfRange(call, name, "text without half characters", value);
  return value;
}

/** One of some words. */
export function one<T extends string>(call: string, name: string, value: unknown, words: readonly T[]): T {
  const word = words.find((word) => word === value);
  if (word === undefined) {
    const expected = words.map((word) => JSON.stringify(word)).join(" or ");
    throw (typeof value === "string" ? outOfRange : wrongKind)(call, name, expected, value);
  }
  return word;
}

/** Yes or no. */
export function flag(call: string, name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw wrongKind(call, name, "true or false", value);
  return value;
}

/** Options as a record of its own, read once; a name that the call does not know is an error. */
export function options<T extends object>(
  call: string,
  value: unknown,
  names: readonly (keyof T & string)[],
  argument = "options",
): Partial<T> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw wrongKind(call, argument, `an object of ${names.join(", ")}`, value);
  }
  const read: Partial<T> = {};
  for (const name of Object.keys(value)) {
    if (!(names as readonly string[]).includes(name)) {
      throw wrongKind(call, `${argument}.${name}`, `no option but ${names.join(", ")}`, (value as Record<string, unknown>)[name]);
    }
  }
  for (const name of names) {
    const given = (value as T)[name];
    // What JSON makes of a number that is none is not what was left out.
    if (given === null) throw wrongKind(call, `${argument}.${name}`, "a value, or nothing", given);
    if (given !== undefined) read[name] = given;
  }
  return read;
}

/** Floats, whole rows of `row` where that is given, and as many rows as are asked for. */
export function floats(call: string, name: string, value: unknown, row: number, rows?: number): Float32Array {
  const expected =
    rows === undefined
      ? `whole rows of ${row} as Float32Array, number[] or ArrayBuffer`
      : `${row * rows} floats as Float32Array, number[] or ArrayBuffer`;
  let all: Float32Array;
  if (Array.isArray(value)) {
    const length = value.length;
    all = new Float32Array(length);
    for (let at = 0; at < length; at++) {
      const component: unknown = value[at];
      if (typeof component !== "number") throw wrongKind(call, `${name}[${at}]`, "a finite number", component);
      const float = Math.fround(component);
      if (!Number.isFinite(float)) throw outOfRange(call, `${name}[${at}]`, "a finite number", component);
      all[at] = float;
    }
  } else {
    all = memory(call, name, value, "Float32Array", Float32Array, expected);
    if (all.length > 0 && Number.isNaN(sum(all))) {
      const at = all.findIndex((x) => !Number.isFinite(x));
      if (at >= 0) throw outOfRange(call, `${name}[${at}]`, "a finite number", all[at]);
    }
  }
  const fits = rows === undefined ? all.length % row === 0 : all.length === row * rows;
  if (!fits) throw outOfRange(call, name, expected, value);
  return all;
}

/** An array of the caller's to write to, itself. */
export function target(call: string, name: string, value: unknown, length: number): Float32Array {
  const expected = `a Float32Array of ${length}`;
  if (!(value instanceof Float32Array)) throw wrongKind(call, name, expected, value);
  if (value.length !== length) throw outOfRange(call, name, expected, value);
  return value;
}

/** Not a number if a component is infinite or none; the others cannot add up to that. */
function sum(all: Float32Array): number {
  let zero = 0;
  // Zero times what is not finite is not a number, and stays so.
  for (let at = 0; at < all.length; at++) zero += all[at]! * 0;
  return zero;
}

/** Bytes, as many as are asked for if that is said. */
export function bytes(call: string, name: string, value: unknown, length?: number): Uint8Array {
  const expected = `${length === undefined ? "bytes" : `${length} bytes`} as Uint8Array or ArrayBuffer`;
  const all = memory(call, name, value, "Uint8Array", Uint8Array, expected);
  if (length !== undefined && all.length !== length) throw outOfRange(call, name, expected, value);
  return all;
}

/** Hashes or keys of thirty-two bytes, end to end. */
export function hashes(call: string, name: string, value: unknown): Uint8Array {
  const all = bytes(call, name, value);
  if (all.length % 32 !== 0) throw outOfRange(call, name, "whole ids of 32 bytes", value);
  return all;
}

/** Numbers of thirty-two bits. */
export function labels(call: string, name: string, value: unknown, length?: number): Uint32Array {
  const expected = `${length === undefined ? "labels" : `${length} labels`} as Uint32Array, number[] or ArrayBuffer`;
  let all: Uint32Array;
  if (Array.isArray(value)) {
    const length = value.length;
    all = new Uint32Array(length);
    for (let at = 0; at < length; at++) all[at] = u32(call, `${name}[${at}]`, value[at]);
  } else {
    all = memory(call, name, value, "Uint32Array", Uint32Array, expected);
  }
  if (length !== undefined && all.length !== length) throw outOfRange(call, name, expected, value);
  return all;
}

/** Ids of a bank. */
export function ids(call: string, name: string, value: unknown): Float64Array {
  if (typeof value === "number") return Float64Array.of(count(call, name, value));
  if (!Array.isArray(value) && !(value instanceof Float64Array)) {
    throw wrongKind(call, name, "an id, or ids as Float64Array or number[]", value);
  }
  const length = value.length;
  const all = new Float64Array(length);
  for (let at = 0; at < length; at++) all[at] = count(call, `${name}[${at}]`, value[at]);
  return all;
}

/** The shares of one of `length` rows: one for all, or one for each. */
export function shares(call: string, name: string, value: unknown, length: number): Uint16Array {
  const all = new Uint16Array(length);
  if (!Array.isArray(value) && !(value instanceof Float32Array)) return all.fill(share(call, name, value));
  if (value.length !== length) throw outOfRange(call, name, `${length} numbers, 0 to 1`, value);
  for (let at = 0; at < length; at++) all[at] = share(call, `${name}[${at}]`, value[at]);
  return all;
}

/** The times of `length` rows: one for all, or one for each. */
export function times(call: string, name: string, value: unknown, length: number): Float64Array {
  const all = new Float64Array(length);
  if (!Array.isArray(value) && !(value instanceof Float64Array)) return all.fill(time(call, name, value));
  if (value.length !== length) throw outOfRange(call, name, `${length} times in milliseconds`, value);
  for (let at = 0; at < length; at++) all[at] = time(call, `${name}[${at}]`, value[at]);
  return all;
}

interface View<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** A typed array of that kind, or memory as one. Other typed arrays are not taken for what they hold. */
function memory<T>(call: string, name: string, value: unknown, kind: string, make: View<T>, expected: string): T {
  if (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === `[object ${kind}]`) {
    if (isDetached(value.buffer)) throw wrongKind(call, name, expected, value);
    // Of our own kind, whatever a subclass or another frame made of it.
    return new make(value.buffer, value.byteOffset, value.byteLength / make.BYTES_PER_ELEMENT);
  }
  if (!isBuffer(value) || isDetached(value)) throw wrongKind(call, name, expected, value);
  if (value.byteLength % make.BYTES_PER_ELEMENT !== 0) throw outOfRange(call, name, expected, value);
  return new make(value, 0, value.byteLength / make.BYTES_PER_ELEMENT);
}
