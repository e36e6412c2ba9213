/**
 * The values that shaders and the reference make for themselves, so that nothing large is sent to the GPU.
 *
 * The hash is PCG in its 32-bit output form; both sides wrap at 2^32.
 *
 * @source Jarzynski & Olano (2020), Hash Functions for GPU Rendering, JCGT 9(3)
 */
export function hash(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** The same in WGSL. */
export const hashWgsl = /* wgsl */ `
fn hash(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}`;

/** Elements of a matrix: whole numbers from -span to span, times a power of two that keeps them exact in f16. */
export interface Values {
  readonly seed: number;
  readonly span: number;
  readonly scale: number;
}

/** Whole numbers so small that every sum of a product is exact in f32. */
export const wholeValues = { span: 2, scale: 1 } as const;
/** Fractions of eleven bits, exact in f16; sums of their products are rounded. */
export const fractionValues = { span: 1024, scale: 1 / 1024 } as const;

/** One element, by its place in the buffer. */
export function valueAt(index: number, { seed, span, scale }: Values): number {
  return ((hash((index ^ seed) >>> 0) % (2 * span + 1)) - span) * scale;
}

/** Seeds of the two operands: fixed, so that every run multiplies the same numbers. */
export const activationSeed = 0x5eed;
export const weightSeed = 0xa11ce;
