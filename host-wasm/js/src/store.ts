// Saving by name. In a browser a name has two slots in the origin's private file system, or a row in
// IndexedDB where that is missing; in Node it is a file. The bytes are those of `toBytes`, which hold
// their own hash: what a page or a machine that ends in the middle leaves is never taken for a whole.

import * as check from "./check.js";
import type { Bytes } from "./check.js";
import { Code, SensillaError, wrongKind } from "./error.js";
import { filesOf } from "#platform";

/** What can be saved: its bytes are all it is. */
export interface Savable {
  toBytes(): Uint8Array | Promise<Uint8Array>;
}

/** What opens what was saved, such as the class `Bank`. */
export interface Opener<T> {
  open(bytes: Bytes): T | Promise<T>;
}

/** Where and how to save. */
export interface StoreOptions {
  /** In Node: the folder; by default the current one. */
  folder?: string;
  /**
   * Whether the browser is asked to keep what is stored when it needs room; by default it is. Some
   * browsers ask the user in turn.
   */
  persist?: boolean;
}

/** How something was saved. */
export interface Saved {
  /** One more than what was there before, from 1. */
  version: number;
  /** How many bytes. */
  bytes: number;
  /** Where. */
  place: "opfs" | "indexeddb" | "file";
  /** Whether the browser promised to keep it; always in a file. */
  isPersistent: boolean;
}

/** A version that was found: its bytes are to be checked by whoever opens them. @internal */
export interface Version {
  version: number;
  bytes: Uint8Array;
}

/** A place to store in. What it returns is whole as far as it can tell. @internal */
export interface Place {
  readonly kind: Saved["place"];
  /** What is there, the latest first. */
  read(name: string): Promise<Version[]>;
  /** Writes so that what `keep` says stays as it is until the new version is whole. */
  write(name: string, next: Version, keep: number): Promise<void>;
  erase(name: string): Promise<void>;
}

const NAMES = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Saves a bank, a recogniser, a log or a history under a name. Until all of it is on the disk, what was
 * saved before stays.
 *
 * @param name - Up to 100 letters, digits, dots, underlines and hyphens.
 * @throws {@link SensillaError} `0x2230` where there is no place to store in, `0x2231` where it is full,
 *   `0x2232` while another tab or process writes under the name. Nothing is ever kept in memory
 *   instead.
 * @example
 * ```js
 * import { load, save } from "sensilla/store";
 * await save("words", bank);
 * const again = await load("words", Bank);
 * ```
 */
export async function save(name: string, what: Savable, options?: StoreOptions): Promise<Saved> {
  const given = asked("save", name, options);
  if (typeof what?.toBytes !== "function") throw wrongKind("save", "what", "an object with toBytes()", what);
  return await locked("save", given, async () => {
    const bytes = await what.toBytes();
    return await guarded("save", async () => {
      const place = await placeFor("save", given);
      const versions = await all(given);
      const before = versions[0];
      const version = (before?.version ?? 0) + 1;
      await place.write(given.name, { version, bytes }, before?.version ?? 0);
      told(given.name, version);
      const isPersistent = place.kind === "file" || (given.persist && (await persisted()));
      return { version, bytes: bytes.length, place: place.kind, isPersistent };
    });
  });
}

/**
 * Opens what was saved under a name: the latest version that is whole.
 *
 * @throws {@link SensillaError} `0x2233` if nothing was, `0x2234` if no version is whole.
 */
export async function load<T>(name: string, what: Opener<T>, options?: StoreOptions): Promise<T> {
  const given = asked("load", name, options);
  if (typeof what?.open !== "function") throw wrongKind("load", "what", "a class with open()", what);
  const versions = await guarded("load", () => all(given));
  let cause: unknown;
  for (const { bytes } of versions) {
    try {
      return await what.open(bytes);
    } catch (error) {
      cause ??= error;
    }
  }
  throw versions.length === 0
    ? new SensillaError(`load: nothing is saved as "${name}"`, Code.missing)
    : new SensillaError(`load: what is saved as "${name}" is damaged: ${String(cause)}`, Code.damaged, { cause });
}

/** The version that is saved under a name, and its bytes as they are; `undefined` if none is. */
export async function stored(name: string, options?: StoreOptions): Promise<{ version: number; bytes: Uint8Array } | undefined> {
  return (await guarded("stored", () => all(asked("stored", name, options))))[0];
}

/** Removes what is saved under a name. */
export async function erase(name: string, options?: StoreOptions): Promise<void> {
  const given = asked("erase", name, options);
  await locked("erase", given, () =>
    guarded("erase", async () => {
      for (const place of await places(given)) await place.erase(given.name);
      told(given.name, 0);
    }),
  );
}

/**
 * Keeps writing under a name to this tab until it is released, for pages that save again and again.
 *
 * @returns What releases it.
 * @throws {@link SensillaError} `0x2232` while another tab has it.
 */
export async function own(name: string): Promise<() => void> {
  const given = asked("own", name, undefined);
  if (owned.has(given.name)) throw busy("own", given.name);
  if (globalThis.navigator?.locks === undefined) throw unplaced("own", "this browser has no locks");
  return await new Promise((resolve, reject) => {
    void navigator.locks
      .request(lockOf(given.name), { ifAvailable: true }, async (lock) => {
        if (lock === null) return reject(busy("own", given.name));
        owned.add(given.name);
        await new Promise<void>((release) => resolve(() => (owned.delete(given.name), release())));
      })
      .catch(reject);
  });
}

/**
 * Tells of versions that other tabs save under a name, 0 for one that was erased.
 *
 * @returns What ends it.
 */
export function watch(name: string, changed: (version: number) => void): () => void {
  const given = asked("watch", name, undefined);
  if (typeof changed !== "function") throw wrongKind("watch", "changed", "a function of a version", changed);
  const channel = new BroadcastChannel(lockOf(given.name));
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "number") changed(data);
  };
  return () => channel.close();
}

interface Asked {
  name: string;
  folder: string;
  persist: boolean;
}

function asked(call: string, name: unknown, options: StoreOptions | undefined): Asked {
  const given = check.options<StoreOptions>(call, options, ["folder", "persist"]);
  const text = check.text(call, "name", name);
  if (!NAMES.test(text)) throw wrongKind(call, "name", "up to 100 letters, digits, dots, underlines and hyphens", name);
  return {
    name: text,
    folder: check.text(call, "options.folder", given.folder ?? "."),
    persist: check.flag(call, "options.persist", given.persist ?? true),
  };
}

const owned = new Set<string>();
const lockOf = (name: string): string => `sensilla ${name}`;

/** Runs what writes while nobody else does. */
async function locked<T>(call: string, given: Asked, write: () => Promise<T>): Promise<T> {
  if (filesOf !== undefined || owned.has(given.name) || globalThis.navigator?.locks === undefined) return await write();
  return (await navigator.locks.request(lockOf(given.name), { ifAvailable: true }, (lock) => {
    if (lock === null) throw busy(call, given.name);
    return write();
  })) as T;
}

function busy(call: string, name: string): SensillaError {
  return new SensillaError(`${call}: another tab is writing as "${name}"; close it or try again`, Code.locked);
}

function unplaced(call: string, why: string, cause?: unknown): SensillaError {
  return new SensillaError(`${call}: there is no place to store in: ${why}`, Code.noStore, { cause });
}

/** Gives errors of places their codes. */
async function guarded<T>(call: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SensillaError) throw cause;
    const { name, message, code } = cause as { name?: string; message?: string; code?: string };
    if (name === "QuotaExceededError" || code === "ENOSPC" || code === "EDQUOT") {
      throw new SensillaError(`${call}: the place is full: ${message}`, Code.full, { cause });
    }
    if (name === "SecurityError" || name === "InvalidStateError" || code === "EACCES" || code === "EROFS") {
      throw unplaced(call, message ?? "it is closed to this page", cause);
    }
    if (name === "NoModificationAllowedError") {
      throw new SensillaError(`${call}: another tab has the file open`, Code.locked, { cause });
    }
    throw new SensillaError(`${call}: ${String(cause)}`, Code.storeFailed, { cause });
  }
}

function told(name: string, version: number): void {
  if (filesOf !== undefined || typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(lockOf(name));
  channel.postMessage(version);
  channel.close();
}

async function persisted(): Promise<boolean> {
  try {
    return (await navigator.storage?.persist?.()) ?? false;
  } catch {
    return false;
  }
}

/** Every place that is there: something may have been saved before a better one was. */
async function places(given: Asked): Promise<Place[]> {
  if (filesOf !== undefined) return [filesOf(given.folder, head, parse)];
  const found = [];
  const root = await opfs();
  if (root !== undefined) found.push(slots(root));
  if (globalThis.indexedDB !== undefined) found.push(rows());
  return found;
}

async function placeFor(call: string, given: Asked): Promise<Place> {
  const [place] = await places(given);
  if (place === undefined) throw unplaced(call, "neither a private file system nor IndexedDB");
  return place;
}

/** All versions of all places, the latest first. */
async function all(given: Asked): Promise<Version[]> {
  const found = [];
  for (const place of await places(given)) found.push(...(await place.read(given.name)));
  return found.sort((a, b) => b.version - a.version);
}

// What stands in front of the bytes: that a version is whole, its number, and how many bytes follow.

const HEAD = 32;
const MAGIC = Uint8Array.of(83, 78, 83, 76, 83, 76, 79, 84);

function head({ version, bytes }: Version): Uint8Array {
  const head = new Uint8Array(HEAD);
  head.set(MAGIC);
  const view = new DataView(head.buffer);
  view.setFloat64(8, version, true);
  view.setFloat64(16, bytes.length, true);
  view.setFloat64(24, version + bytes.length, true);
  return head;
}

function parse(all: Uint8Array): Version | undefined {
  if (all.length < HEAD || MAGIC.some((byte, at) => all[at] !== byte)) return undefined;
  const view = new DataView(all.buffer, all.byteOffset, HEAD);
  const [version, length, sum] = [8, 16, 24].map((at) => view.getFloat64(at, true)) as [number, number, number];
  if (!(version >= 1) || version + length !== sum || all.length !== HEAD + length) return undefined;
  return { version, bytes: new Uint8Array(all.subarray(HEAD)) };
}

// Slots of the origin's private file system: a version goes to the slot that does not have the latest.

async function opfs(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage?.getDirectory?.();
    return await root?.getDirectoryHandle("sensilla", { create: true });
  } catch {
    return undefined;
  }
}

interface SyncFile {
  truncate(size: number): void;
  write(bytes: Uint8Array, options?: { at: number }): number;
  flush(): void;
  close(): void;
}

type Slot = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncFile> };

function slots(root: FileSystemDirectoryHandle): Place {
  const both = ["a", "b"] as const;
  const fileOf = (name: string, slot: string): string => `${name}.${slot}`;
  async function read(name: string, slot: string): Promise<Version | undefined> {
    try {
      const file = await (await root.getFileHandle(fileOf(name, slot))).getFile();
      return parse(new Uint8Array(await file.arrayBuffer()));
    } catch (error) {
      if ((error as { name?: string }).name === "NotFoundError") return undefined;
      throw error;
    }
  }
  return {
    kind: "opfs",
    async read(name) {
      const found = await Promise.all(both.map((slot) => read(name, slot)));
      return found.filter((version) => version !== undefined);
    },
    async write(name, next, keep) {
      const first = await read(name, "a");
      const slot: Slot = await root.getFileHandle(fileOf(name, first?.version === keep ? "b" : "a"), { create: true });
      if (typeof slot.createSyncAccessHandle === "function") {
        const file = await slot.createSyncAccessHandle();
        try {
          // Without a head the slot is nothing, until all that is behind it is on the disk.
          file.truncate(0);
          file.flush();
          written(file, next.bytes, HEAD);
          file.flush();
          written(file, head(next), 0);
          file.flush();
        } finally {
          file.close();
        }
      } else if (typeof slot.createWritable === "function") {
        // Takes the file's place when it is closed, all at once.
        const file = await slot.createWritable();
        await file.write(head(next) as BufferSource);
        await file.write(next.bytes as BufferSource);
        await file.close();
      } else {
        // Only its workers write files in this browser.
        await rows().write(name, next, keep);
      }
    },
    async erase(name) {
      for (const slot of both) {
        await root.removeEntry(fileOf(name, slot)).catch((error: { name?: string }) => {
          if (error.name !== "NotFoundError") throw error;
        });
      }
    },
  };
}

function written(file: SyncFile, bytes: Uint8Array, at: number): void {
  let done = 0;
  while (done < bytes.length) {
    const more = file.write(bytes.subarray(done), { at: at + done });
    if (more <= 0) throw new DOMException("the file takes no more bytes", "QuotaExceededError");
    done += more;
  }
}

// Rows of IndexedDB, whose transactions are whole or not at all.

function rows(): Place {
  const TABLE = "saved";
  function request<T>(ask: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      ask.onsuccess = () => resolve(ask.result);
      ask.onerror = () => reject(ask.error);
    });
  }
  async function opened(): Promise<IDBDatabase> {
    const opening = indexedDB.open("sensilla", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    return await request(opening);
  }
  async function change(run: (table: IDBObjectStore) => void): Promise<void> {
    const database = await opened();
    try {
      const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
      run(transaction.objectStore(TABLE));
      await done;
    } finally {
      database.close();
    }
  }
  return {
    kind: "indexeddb",
    async read(name) {
      const database = await opened();
      try {
        const found: unknown = await request(database.transaction(TABLE).objectStore(TABLE).get(name));
        const { version, bytes } = (found ?? {}) as Partial<Version>;
        return typeof version === "number" && bytes instanceof Uint8Array ? [{ version, bytes }] : [];
      } finally {
        database.close();
      }
    },
    write: (name, next) => change((table) => table.put({ version: next.version, bytes: next.bytes }, name)),
    erase: (name) => change((table) => table.delete(name)),
  };
}
