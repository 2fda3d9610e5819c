// The loop of examples/activity, for the page of examples/browser: no part of the package.

import { run } from "./module.js";

/** What the recordings of a watch came to. */
export interface Activity {
  accuracy: number;
  patterns: number;
  logSize: number;
  conflictsFound: number;
  conflictsResolved: number;
  proofVerified: boolean;
  bankDigest: Uint8Array;
  imageDigest: Uint8Array;
  logRoot: Uint8Array;
  /** Test recordings by activity (rows) and by what was recalled (columns, the last for nothing). */
  confusion: number[];
  names: string[];
}

/** Learns four activities, recalls others, and lets three nodes agree on what they saw. */
export function runActivity(): Activity {
  const told = run("runActivity", "demo_run");
  const [accuracy, patterns, logSize, conflictsFound, conflictsResolved, proof] = told.numbers(6) as [number, number, number, number, number, number];
  const [bankDigest, imageDigest, logRoot] = [told.bytes(32), told.bytes(32), told.bytes(32)];
  const confusion = told.numbers(told.number());
  const names = [];
  while (told.left > 0) names.push(told.text());
  return {
    accuracy, patterns, logSize, conflictsFound, conflictsResolved, proofVerified: proof === 1,
    bankDigest, imageDigest, logRoot, confusion, names,
  };
}
