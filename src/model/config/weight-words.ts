import type { WeightFormatName } from "../../machine/number-formats";
import { fieldOf, type Section, sectionOf } from "./section";

/** A format of weights in the registry's words, and the nearest that is known. */
export interface ReadFormat {
  readonly words: string;
  readonly experts: WeightFormatName;
  /** Of attention and the other matrices. */
  readonly rest: WeightFormatName;
  /** Whether the format itself is known, and not its neighbour alone. */
  readonly known: boolean;
}

/** Formats of training, in the registry's words. */
export const floats: Readonly<Record<string, string>> = {
  bfloat16: "bf16",
  bf16: "bf16",
  float16: "fp16",
  fp16: "fp16",
  half: "fp16",
  float32: "fp32",
  fp32: "fp32",
  float: "fp32",
};

/** An object at a field; undefined for all else. */
export function objectAt(section: Section, name: string): Section | undefined {
  const value = fieldOf(section, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  // The list of formats of each matrix may be of any length: only what is asked for is read.
  return Object.keys(value).length > 2000 ? { path: name, fields: new Map(Object.entries(value)) } : sectionOf(value, name);
}

/** As trained. */
export const ofPlain = (plain: string | undefined): ReadFormat => ({
  ...both("bfloat16", plain ?? "not stated"),
  known: plain === undefined || Object.values(floats).includes(plain),
});

/** All matrices alike. */
export const both = (format: WeightFormatName, words: string, known = true): ReadFormat => ({
  words,
  experts: format,
  rest: format,
  known,
});

/** Experts, or all of the feed-forward parts, in one format, the rest as it was trained. */
export const onlyExperts = (format: WeightFormatName, words: string, known = true): ReadFormat => ({
  words,
  experts: format,
  rest: "bfloat16",
  known,
});

/** A format of all matrices, or of the feed-forward parts alone where the release keeps attention as it was trained. */
export function restOf(isKept: boolean, format: WeightFormatName, words: string, plain: string, known = true): ReadFormat {
  return isKept ? onlyExperts(format, `${words} experts, ${plain} rest`, known) : both(format, words, known);
}

/** Widths of integers whose weights alone are narrow: what is not among them stands as the next wider one. */
const widths = [2, 3, 4, 5, 6, 8] as const;

/** Integers of so many bits; multiplied as eight-bit integers where activations are such too. */
export function ofBits(bits: number, group: unknown, plain: string, expertsAlone: boolean, activationBits?: unknown): ReadFormat {
  if (bits === 16) return ofPlain(plain);
  if (!Number.isInteger(bits) || bits < 1 || bits > 16) return both("bfloat16", "bits not known", false);
  const size = typeof group === "number" && group > 0 ? ` g${group}` : "";
  const isWhole = bits === 8 && activationBits === 8;
  const width = widths.find((known) => known >= bits);
  const format = isWhole ? "int8" : width === undefined ? "bfloat16" : (`int${width}_wo` as const);
  const words = `int${bits}${size}${expertsAlone ? " experts" : ""}, ${plain} rest`;
  const known = width === bits && (isWhole || typeof activationBits !== "number" || activationBits >= 16);
  return expertsAlone ? onlyExperts(format, words, known) : both(format, words, known);
}
