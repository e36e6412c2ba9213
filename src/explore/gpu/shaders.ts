import { type ElementName, elementBytes } from "./results";
import { hashWgsl } from "./values";

/** The texts of all shaders: one record, so that a test can put in a wrong one. */
export interface Shaders {
  /** Writes a buffer full of elements that its place and seed give. */
  readonly fill: (element: ElementName) => string;
  /** Writes a buffer full of words that its place gives. */
  readonly fillWords: string;
  readonly product: (element: ElementName, rowsPerThread: RowsPerThread) => string;
  readonly gather: (accessBytes: number) => string;
  /** Adds one to a counter: each dispatch needs the one before. */
  readonly count: string;
  /** Does nothing. */
  readonly empty: string;
}

/** Rows of the tile that one thread holds; the tile has sixteen times as many. */
export type RowsPerThread = 1 | 2 | 4;

/** The tile of the product: 16 k wide steps, `tileColumns` columns, 16 to 64 rows. */
export const tileColumns = 64;
export const threadsPerSide = 16;

/** The smallest tile that holds the rows, or the largest there is. */
export function rowsPerThread(rows: number): RowsPerThread {
  return rows <= threadsPerSide ? 1 : rows <= 2 * threadsPerSide ? 2 : 4;
}

/** Invocations of a workgroup of the fill. */
export const fillThreads = 256;

const fill = (element: ElementName) => /* wgsl */ `${element === "f16" ? "enable f16;" : ""}
struct Values { count: u32, seed: u32, span: u32, scale: f32 }
@group(0) @binding(0) var<uniform> values: Values;
@group(0) @binding(1) var<storage, read_write> elements: array<${element}>;
${hashWgsl}
@compute @workgroup_size(${fillThreads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < values.count; i += groups.x * ${fillThreads}u) {
    let whole = i32(hash(i ^ values.seed) % (2u * values.span + 1u)) - i32(values.span);
    elements[i] = ${element}(f32(whole) * values.scale);
  }
}`;

const fillWords = /* wgsl */ `
struct Values { count: u32, seed: u32, span: u32, scale: f32 }
@group(0) @binding(0) var<uniform> values: Values;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
${hashWgsl}
@compute @workgroup_size(${fillThreads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < values.count; i += groups.x * ${fillThreads}u) { words[i] = hash(i ^ values.seed); }
}`;

/**
 * C[rows, width] = A[rows, hidden] B[hidden, width] of expert `first + z`, a tile a workgroup.
 *
 * Operands go through workgroup memory sixteen k at a time; a thread holds 1, 2 or 4 rows of four columns, in f32.
 */
const product = (element: ElementName, held: RowsPerThread) => {
  const tileRows = threadsPerSide * held;
  const each = (line: (row: number) => string) => Array.from({ length: held }, (_, row) => line(row)).join(" ");
  return /* wgsl */ `${element === "f16" ? "enable f16;" : ""}
struct Product { rows: u32, width: u32, hidden: u32, first: u32 }
@group(0) @binding(0) var<uniform> p: Product;
@group(0) @binding(1) var<storage, read> activations: array<vec4<${element}>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<${element}>>;
@group(0) @binding(3) var<storage, read_write> results: array<vec4<f32>>;
var<workgroup> a: array<array<vec4<f32>, 4>, ${tileRows}>;
var<workgroup> b: array<array<vec4<f32>, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let flat = thread.y * 16u + thread.x;
  let loadRow = flat / 4u;
  let loadPart = flat % 4u;
  let row = tile.y * ${tileRows}u + loadRow;
  let column = tile.x * 16u + thread.x;
  let columns = p.width / 4u;
  let expert = p.first + tile.z;
  ${each((r) => `var sum${r} = vec4<f32>();`)}
  for (var k = 0u; k < p.hidden; k += 16u) {
    if (loadRow < ${tileRows}u) {
      var loaded = vec4<f32>();
      if (row < p.rows) { loaded = vec4<f32>(activations[((tile.z * p.rows + row) * p.hidden + k) / 4u + loadPart]); }
      a[loadRow][loadPart] = loaded;
    }
    var loaded = vec4<f32>();
    if (column < columns) { loaded = vec4<f32>(weights[(expert * p.hidden + k + thread.y) * columns + column]); }
    b[thread.y][thread.x] = loaded;
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      let b0 = b[4u * i][thread.x];
      let b1 = b[4u * i + 1u][thread.x];
      let b2 = b[4u * i + 2u][thread.x];
      let b3 = b[4u * i + 3u][thread.x];
${each(
  (r) => `
      let a${r} = a[thread.y * ${held}u + ${r}u][i];
      sum${r} += a${r}.x * b0 + a${r}.y * b1 + a${r}.z * b2 + a${r}.w * b3;`,
)}
    }
    workgroupBarrier();
  }
  let out = tile.y * ${tileRows}u + thread.y * ${held}u;
  ${each(
    (r) => `
  if (out + ${r}u < p.rows && column < columns) { results[(tile.z * p.rows + out + ${r}u) * columns + column] = sum${r}; }`,
  )}
}`;
};

/** Invocations of a workgroup of the gather. */
export const gatherThreads = 256;

/** What one invocation of the gather reads at once. */
export function gatherThreadBytes(accessBytes: number): number {
  return Math.min(16, accessBytes);
}

/** Neighbouring invocations read neighbouring parts of one row; where the row lies is drawn by the hash. */
const gather = (accessBytes: number) => {
  const threadBytes = gatherThreadBytes(accessBytes);
  const words = threadBytes / elementBytes.f32;
  const part = words === 1 ? "u32" : `vec${words}<u32>`;
  const fold = ["read", "read.x ^ read.y", "", "read.x ^ read.y ^ read.z ^ read.w"][words - 1];
  return /* wgsl */ `
struct Gather { rowMask: u32, reads: u32, seed: u32 }
@group(0) @binding(0) var<uniform> g: Gather;
@group(0) @binding(1) var<storage, read> rows: array<${part}>;
@group(0) @binding(2) var<storage, read_write> folded: array<u32>;
${hashWgsl}
const parts = ${accessBytes / threadBytes}u;
@compute @workgroup_size(${gatherThreads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let invocations = groups.x * ${gatherThreads}u;
  var read = ${part}();
  for (var i = 0u; i < g.reads; i++) {
    let item = i * invocations + id.x;
    read ^= rows[(hash((item / parts) ^ g.seed) & g.rowMask) * parts + item % parts];
  }
  folded[id.x] = ${fold};
}`;
};

const count = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1) fn main() { counter[0] += 1u; }`;

const empty = /* wgsl */ `@compute @workgroup_size(1) fn main() {}`;

/** The shaders as they are. */
export const shaders: Shaders = { fill, fillWords, product, gather, count, empty };
