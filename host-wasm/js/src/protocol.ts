// What page and worker tell each other.

/** Classes that a worker makes. */
export type Kind = "Bank" | "Recogniser" | "Log" | "History" | "Author";

/** What a page asks for; `id` is the number of the answer. */
export type Ask =
  | { id: number; do: "init" }
  | { id: number; do: "make"; kind: Kind; given: unknown[] }
  | { id: number; do: "open"; kind: Kind; bytes: unknown }
  | { id: number; do: "load"; kind: Kind; name: string; options: unknown }
  | { id: number; do: "save"; object: number; name: string; options: unknown }
  | { id: number; do: "call"; object: number; method: string; given: unknown[]; inPieces: boolean }
  | { id: number; do: "read"; object: number; name: string }
  | { id: number; do: "free"; object: number }
  | { id: number; do: "abort" };

/** What a worker answers. */
export type Answer =
  | { id: number; result: unknown }
  | { id: number; error: { kind: string; message: string; code: number } }
  | { id: number; done: number; of: number };

/** An object of the worker among arguments. */
export interface Reference {
  sensillaObject: number;
}
