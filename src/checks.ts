/** Refuse anything but a whole number of at least one. @throws RangeError naming the field. */
export function requirePositiveInteger(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer, got ${String(value)}`);
}

/** Refuse anything but a finite number above zero. @throws RangeError naming the field. */
export function requirePositive(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new RangeError(`${name} must be a positive number, got ${String(value)}`);
  }
}

/** Refuse anything but a finite number of at least zero. @throws RangeError naming the field. */
export function requireNonNegative(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(`${name} must be a number of at least zero, got ${String(value)}`);
  }
}
