/** Number formats in which a machine states a peak rate. */
export type NumberFormat = "fp32" | "tf32" | "bf16" | "fp16" | "fp8" | "fp6" | "fp4" | "int8";

/** How the weights of a layer are stored, and in which format they are multiplied. */
export interface WeightFormat {
  readonly name: string;
  /** Bytes of one weight, block scales included. */
  readonly weightBytes: number;
  /** Bytes of one activation as the matrix product reads it. */
  readonly activationBytes: number;
  /** The format whose peak rate bounds the product. */
  readonly arithmetic: NumberFormat;
}

const fp32ScaleBytes = 4;
const bf16ScaleBytes = 2;
const byteScaleBytes = 1;

/** Integers of so many bits, widened to BF16 before they are multiplied. */
function weightOnly(bits: number) {
  return { weightBytes: bits / 8 + bf16ScaleBytes / 128, activationBytes: 2, arithmetic: "bf16" } as const;
}

/**
 * The formats of the measurement files, under the names these use.
 *
 * Scales: fp8_block one FP32 a 128 x 128 block; nvfp4 one FP8 every 16 weights;
 * mxfp4 one byte of exponent every 32; weight-only integers one BF16 every 128 (the group of the
 * common AWQ and GPTQ checkpoints: our assumption, the tables do not state it; groups of 64, as
 * MLX writes them, weigh 2 % more). Weight-only formats multiply in BF16 after widening.
 * Of the integers only four bits were measured: kernels of the others are carried from it.
 */
const formats = {
  bfloat16: { weightBytes: 2, activationBytes: 2, arithmetic: "bf16" },
  fp8: { weightBytes: 1, activationBytes: 1, arithmetic: "fp8" },
  fp8_block: { weightBytes: 1 + fp32ScaleBytes / 128 ** 2, activationBytes: 1 + fp32ScaleBytes / 128, arithmetic: "fp8" },
  nvfp4: { weightBytes: 0.5 + byteScaleBytes / 16, activationBytes: 0.5 + byteScaleBytes / 16, arithmetic: "fp4" },
  w4a8_mxfp4_mxfp8: { weightBytes: 0.5 + byteScaleBytes / 32, activationBytes: 1 + byteScaleBytes / 32, arithmetic: "fp8" },
  w4a16_mxfp4: { weightBytes: 0.5 + byteScaleBytes / 32, activationBytes: 2, arithmetic: "bf16" },
  int4_wo: weightOnly(4),
  int2_wo: weightOnly(2),
  int3_wo: weightOnly(3),
  int5_wo: weightOnly(5),
  int6_wo: weightOnly(6),
  int8_wo: weightOnly(8),
  int8: { weightBytes: 1, activationBytes: 1, arithmetic: "int8" },
} as const satisfies Record<string, Omit<WeightFormat, "name">>;

/** A number format of weights, by the name it has in the measured tables. */
export type WeightFormatName = keyof typeof formats;

/**
 * Number formats of weights as readers know them.
 *
 * @example weightFormatWords.fp8_block // "FP8, scales by block"
 */
export const weightFormatWords: Readonly<Record<WeightFormatName, string>> = {
  bfloat16: "BF16",
  fp8: "FP8, one scale per matrix",
  fp8_block: "FP8, scales by block",
  nvfp4: "NVFP4",
  w4a8_mxfp4_mxfp8: "MXFP4 weights, MXFP8 activations",
  w4a16_mxfp4: "MXFP4 weights, BF16 activations",
  int4_wo: "INT4 weights, BF16 activations",
  int2_wo: "2-bit weights, BF16 activations",
  int3_wo: "3-bit weights, BF16 activations",
  int5_wo: "5-bit weights, BF16 activations",
  int6_wo: "6-bit weights, BF16 activations",
  int8_wo: "INT8 weights, BF16 activations",
  int8: "INT8",
};

/** The names that `weightFormat` takes. */
export const weightFormatNames = Object.keys(formats) as readonly WeightFormatName[];

const records = Object.fromEntries(weightFormatNames.map((name) => [name, Object.freeze({ name, ...formats[name] })])) as Record<
  WeightFormatName,
  WeightFormat
>;

/**
 * Look up a weight format by the name the measurement files use.
 *
 * @throws RangeError naming the known formats when there is no such one.
 * @example weightFormat("fp8_block").weightBytes // 1.000244
 */
export function weightFormat(name: string): WeightFormat {
  if (!Object.hasOwn(formats, name)) {
    throw new RangeError(`weightFormat must be one of ${weightFormatNames.join(", ")}; got "${name}"`);
  }
  return records[name as WeightFormatName];
}

/** In which format keys and values, or latents, are cached. */
export type CacheFormatName = "bfloat16" | "fp8";

/**
 * The format of a cache by its name; short forms and capital letters are accepted.
 *
 * @throws RangeError naming the formats when it is none of them.
 * @example cacheFormat("bf16") // "bfloat16"
 */
export function cacheFormat(name: string): CacheFormatName {
  const known = cacheFormats.get(String(name).toLowerCase());
  if (known === undefined) throw new RangeError(`cacheFormat must be bfloat16 or fp8, got "${name}"`);
  return known;
}

const cacheFormats: ReadonlyMap<string, CacheFormatName> = new Map([
  ...["bfloat16", "bf16", "float16", "fp16", "auto"].map((name) => [name, "bfloat16"] as const),
  ...["fp8", "float8", "fp8_e4m3", "e4m3"].map((name) => [name, "fp8"] as const),
]);

/** Bytes of one element of a cache in a format, without scales. */
export function cacheElementBytes(format: CacheFormatName): number {
  return format === "fp8" ? 1 : bf16Bytes;
}

/** Bytes of one BF16 number. */
export const bf16Bytes = 2;
