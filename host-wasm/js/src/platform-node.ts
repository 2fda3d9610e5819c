// What Node has and browsers have not.

import { Code, SensillaError } from "./error.js";
import type { Place, Version } from "./store.js";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

export { parentPort } from "node:worker_threads";

// Files of Node: written beside, flushed, and then renamed over what was there.

/** Files in a folder; how a version is written and read is told by the caller. */
export function filesOf(folder: string, head: (next: Version) => Uint8Array, parse: (all: Uint8Array) => Version | undefined): Place {
  /** Makes the file that says who is writing; one of a process that is no more is taken over. */
  async function claim(lock: string, name: string): ReturnType<typeof open> {
    for (let again = true; ; again = false) {
      try {
        const held = await open(lock, "wx");
        await held.writeFile(String(process.pid));
        return held;
      } catch (error) {
        if ((error as { code?: string }).code !== "EEXIST") throw error;
        const writer = Number(await readFile(lock, "utf8").catch(() => ""));
        if (!again || isAlive(writer)) {
          throw new SensillaError(`save: another process (${writer}) is writing as "${name}"`, Code.locked);
        }
        await rm(lock, { force: true });
      }
    }
  }
  const path = (name: string): string => join(folder, `${name}.sensilla`);
  return {
    kind: "file",
    async read(name) {
      try {
        const version = parse(await readFile(path(name)));
        return version === undefined ? [{ version: 0, bytes: new Uint8Array() }] : [version];
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return [];
        throw error;
      }
    },
    async write(name, next) {
      await mkdir(folder, { recursive: true });
      const lock = `${path(name)}.lock`;
      const mine = `${path(name)}.${process.pid}.new`;
      const held = await claim(lock, name);
      try {
        const file = await open(mine, "w");
        try {
          await file.writeFile(head(next));
          await file.writeFile(next.bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(mine, path(name));
        // The name itself is on the disk once its folder is.
        const directory = await open(folder, "r").catch(() => undefined);
        await directory?.sync().catch(() => undefined);
        await directory?.close();
      } finally {
        await held.close();
        await rm(lock, { force: true });
        await rm(mine, { force: true });
      }
    },
    async erase(name) {
      await rm(path(name), { force: true });
    },
  };
}

function isAlive(writer: number): boolean {
  if (!(writer > 0)) return false;
  try {
    process.kill(writer, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
