/**
 * The arithmetic that danfo's frames ask of a tensor library, in double precision.
 *
 * danfojs-node loads TensorFlow.js for adding, comparing and transposing tables: 267 MB, and every number in single
 * precision (16,777,217 becomes 16,777,216). package.json puts this in its place. It gives all that danfo's frames, series,
 * scalers and encoders call; anything else of a tensor library is not here, and asking for it is an error that says so.
 */

/** Numbers in rows: rank 0 is one number, rank 1 a list, rank 2 a table. */
class Tensor {
  constructor(values, shape, dtype = "float64") {
    this.values = values.map(numberOf);
    this.shape = shape;
    this.rank = shape.length;
    this.dtype = dtype;
    this.size = values.length;
  }

  add(other) {
    return joined(this, other, (a, b) => a + b);
  }
  sub(other) {
    return joined(this, other, (a, b) => a - b);
  }
  mul(other) {
    return joined(this, other, (a, b) => a * b);
  }
  div(other) {
    return joined(this, other, (a, b) => a / b);
  }
  /** 0 where the divisor is 0. */
  divNoNan(other) {
    return joined(this, other, (a, b) => (b === 0 ? 0 : a / b));
  }
  pow(other) {
    return joined(this, other, (a, b) => a ** b);
  }
  /** With the sign of the divisor, as TensorFlow has it. */
  mod(other) {
    return joined(this, other, (a, b) => (a < 0 === b < 0 ? a % b : ((a % b) + b) % b));
  }

  equal(other) {
    return compared(this, other, (a, b) => a === b);
  }
  notEqual(other) {
    return compared(this, other, (a, b) => a !== b);
  }
  greater(other) {
    return compared(this, other, (a, b) => a > b);
  }
  greaterEqual(other) {
    return compared(this, other, (a, b) => a >= b);
  }
  less(other) {
    return compared(this, other, (a, b) => a < b);
  }
  lessEqual(other) {
    return compared(this, other, (a, b) => a <= b);
  }

  sqrt() {
    return new Tensor(this.values.map(Math.sqrt), this.shape);
  }
  mean(axis) {
    return folded(this, axis, (all) => all.reduce((sum, value) => sum + value, 0) / all.length);
  }
  max(axis) {
    return folded(this, axis, (all) => all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  }
  min(axis) {
    return folded(this, axis, (all) => all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  }
  argMax() {
    return scalar(this.values.reduce((best, value, i) => (value > this.values[best] ? i : best), 0));
  }
  argMin() {
    return scalar(this.values.reduce((best, value, i) => (value < this.values[best] ? i : best), 0));
  }

  transpose() {
    if (this.rank < 2) return this;
    const [rows, columns] = this.shape;
    return new Tensor(
      this.values.map((_, i) => this.values[(i % rows) * columns + Math.floor(i / rows)]),
      [columns, rows],
      this.dtype,
    );
  }
  clone() {
    return new Tensor([...this.values], [...this.shape], this.dtype);
  }
  arraySync() {
    if (this.rank === 0) return this.values[0];
    if (this.rank === 1) return [...this.values];
    const [rows, columns] = this.shape;
    return Array.from({ length: rows }, (_, row) => this.values.slice(row * columns, (row + 1) * columns));
  }
  dataSync() {
    return [...this.values];
  }
}

/** What is not there counts as no number and not, as in TensorFlow.js, as 0. */
function numberOf(value) {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

const scalar = (value) => new Tensor([value], []);
const tensor1d = (values, dtype) => new Tensor([...values], [values.length], dtype);

function tensor2d(values, shape, dtype) {
  const rows = shape?.[0] ?? values.length;
  const columns = shape?.[1] ?? values[0]?.length ?? 0;
  const flat = values.flat();
  if (flat.length !== rows * columns)
    throw new RangeError(`expected ${rows * columns} values for a table of ${rows} by ${columns}, got ${flat.length}`);
  return new Tensor(flat, [rows, columns], dtype);
}

const asTensor = (value) => (value instanceof Tensor ? value : typeof value === "number" ? scalar(value) : tensor1d(value));

/** Rows and columns of any tensor, a list being one row. */
const tableShape = ({ shape }) => (shape.length === 2 ? shape : [1, shape[0] ?? 1]);

/** Value by value; a side that is one row or one column long goes with every row or column of the other. */
function joined(left, right, operation, dtype = "float64") {
  const [a, b] = [asTensor(left), asTensor(right)];
  const [rowsA, columnsA] = tableShape(a);
  const [rowsB, columnsB] = tableShape(b);
  const fits = (x, y) => x === y || x === 1 || y === 1;
  if (!fits(rowsA, rowsB) || !fits(columnsA, columnsB))
    throw new RangeError(`expected shapes that go together, got ${rowsA} by ${columnsA} and ${rowsB} by ${columnsB}`);
  const [rows, columns] = [rowsA === 1 ? rowsB : rowsA, columnsA === 1 ? columnsB : columnsA];
  const of = (tensor, height, width, row, column) => tensor.values[(height === 1 ? 0 : row) * width + (width === 1 ? 0 : column)];
  const values = Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return operation(of(a, rowsA, columnsA, row, column), of(b, rowsB, columnsB, row, column));
  });
  const rank = Math.max(a.rank, b.rank);
  return new Tensor(values, rank === 2 ? [rows, columns] : rank === 1 ? [columns] : [], dtype);
}

/** 1 where it holds, 0 where not: danfo makes true and false of them. */
const compared = (left, right, holds) => joined(left, right, (a, b) => (holds(a, b) ? 1 : 0), "bool");

/** Over axis 0 each column comes to one number, over 1 each row, over none the whole. */
function folded(tensor, axis, fold) {
  if (axis === undefined || tensor.rank < 2) return scalar(fold(tensor.values));
  const rows = (axis === 0 ? tensor.transpose() : tensor).arraySync();
  return tensor1d(rows.map(fold));
}

/** Mean and variance over all (divided by the count), as the scalers ask. */
function moments(values, axis) {
  const tensor = asTensor(values);
  const mean = tensor.mean(axis);
  const off = tensor.sub(mean);
  return { mean, variance: off.mul(off).mean(axis) };
}

/** Draws without putting back, the same for the same seed: what sample() of a frame asks. */
const data = {
  array: (all) => ({
    shuffle: (_buffer, seed) => ({
      take: (count) => ({ toArray: async () => shuffled(all, seed).slice(0, count) }),
    }),
  }),
};

/** Mulberry32, which is small and the same on every machine. */
function shuffled(all, seed = "0") {
  let state = [...String(seed)].reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)) | 0, 7);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const deck = [...all];
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [deck[i], deck[j]] = [deck[j], deck[i]];
  }
  return deck;
}

const given = { Tensor, scalar, tensor1d, tensor2d, moments, data };

module.exports = new Proxy(given, {
  get(target, name) {
    if (name in target || typeof name === "symbol" || ["default", "__esModule", "then", "toJSON"].includes(name)) return target[name];
    throw new Error(
      `${name} is of TensorFlow.js, which is not installed here: danfo has what its tables need, from notebooks/jupyter/tensors`,
    );
  },
});
