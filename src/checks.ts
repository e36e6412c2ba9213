/** Beyond this a product of three numbers might be none. */
const largest = 1e100;

/** Refuse anything but a whole number of at least one, up to where whole numbers can be told apart. @throws RangeError naming the field. */
export function requirePositiveInteger(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer, got ${shown(value)}`);
}

/** Refuse anything but a whole number of at least zero, up to where whole numbers can be told apart. @throws RangeError naming the field. */
export function requireWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number of at least 0, got ${shown(value)}`);
}

/** Refuse anything but a number above zero and at most 1e100. @throws RangeError naming the field. */
export function requirePositive(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0 || value > largest) {
    throw new RangeError(`${name} must be a positive number, got ${shown(value)}`);
  }
}

/** Refuse anything but a number of at least zero and at most 1e100. @throws RangeError naming the field. */
export function requireNonNegative(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0 || value > largest) {
    throw new RangeError(`${name} must be a number of at least zero, got ${shown(value)}`);
  }
}

/** Refuse anything but a number from 0 to 1. @throws RangeError naming the field. */
export function requireShare(name: string, value: number): void {
  if (typeof value !== "number" || !(value >= 0 && value <= 1))
    throw new RangeError(`${name} must be a share from 0 to 1, got ${shown(value)}`);
}

/** Refuse anything but one of some words. @throws RangeError naming the field and the words. */
export function requireWord(name: string, value: unknown, words: readonly string[]): void {
  if (typeof value === "string" && words.includes(value)) return;
  const which = words.length === 2 ? `${words.join(" or ")},` : `one of ${words.join(", ")};`;
  throw new RangeError(`${name} must be ${which} got "${shown(value)}"`);
}

/** Refuse anything but a text of at least one letter. @throws RangeError naming the field. */
export function requireName(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "") throw new RangeError(`${name} must be a name, got ${shown(value)}`);
}

/** Refuse anything but true and false. @throws RangeError naming the field. */
export function requireFlag(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw new RangeError(`${name} must be true or false, got ${shown(value)}`);
}

/** Refuse what is no record. @throws RangeError naming the field, and what it should be. */
export function requireRecord(name: string, value: unknown, what: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RangeError(`${name} must be ${what}, got ${shown(value)}`);
}

/** A value of any kind in a message; what came out of nothing is told as nothing. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "a list" : "a record") : String(value);
}
