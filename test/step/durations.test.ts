import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { shareByDecade, timedTasks } from "../../src/step/durations";
import { toBase } from "../../src/units";

const tasks = fc.array(fc.record({ seconds: fc.double({ min: 1e-8, max: 10, noNaN: true }), count: fc.integer({ min: 1, max: 1000 }) }), {
  minLength: 1,
  maxLength: 30,
});
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("shareByDecade", () => {
  it("is worked by hand: three tasks of 5 µs and one of 85 µs are 75 % and 15 %, 25 % and 85 %", () => {
    const shares = shareByDecade([
      { seconds: 5e-6, count: 3 },
      { seconds: 85e-6, count: 1 },
    ]); // 15 µs of 100 µs
    expect(shares.map((s) => s.countShare)).toEqual([0, 0.75, 0.25, 0, 0]);
    expect(shares[1]?.timeShare).toBeCloseTo(0.15, 12);
    expect(shares[2]?.timeShare).toBeCloseTo(0.85, 12);
    expect(shares.map((s) => s.fromSeconds)).toEqual([0, 1e-6, 1e-5, 1e-4, 1e-3]);
    expect(shares.map((s) => s.toSeconds)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, Number.POSITIVE_INFINITY]);
  });

  it.each([
    [1, "us", 1],
    [10, "us", 2],
    [100, "us", 3],
    [1000, "us", 4],
    [1, "ms", 4],
    [1000, "ns", 1],
    [10_000, "ns", 2],
    [9.999, "us", 1],
    [0.999, "us", 0],
    [2, "s", 4],
  ] as const)("puts a task of exactly %d %s in the decade that starts there, and a shorter one before it", (value, unit, decade) => {
    expect(shareByDecade([{ seconds: toBase(value, unit), count: 1 }]).findIndex((s) => s.countShare === 1)).toBe(decade);
  });

  it("sums to one, in tasks and in time", () => {
    fc.assert(
      fc.property(tasks, (t) => {
        const shares = shareByDecade(t);
        expect(sum(shares.map((s) => s.countShare))).toBeCloseTo(1, 12);
        expect(sum(shares.map((s) => s.timeShare))).toBeCloseTo(1, 12);
        for (const s of shares) expect(s.countShare > 0).toBe(s.timeShare > 0);
      }),
    );
  });

  it("counts a task listed twice as two of it", () => {
    fc.assert(
      fc.property(tasks, (t) => {
        const doubled = shareByDecade(t.map((task) => ({ ...task, count: 2 * task.count })));
        const listed = shareByDecade([...t, ...t]);
        shareByDecade(t).forEach((share, i) => {
          for (const other of [doubled[i], listed[i]]) {
            expect(other?.countShare).toBeCloseTo(share.countShare, 12);
            expect(other?.timeShare).toBeCloseTo(share.timeShare, 12);
          }
        });
      }),
    );
  });

  it("refuses nothing, negative counts and durations that are not positive", () => {
    expect(() => shareByDecade([])).toThrow(new RangeError("count of tasks must be a positive number, got 0"));
    expect(() => shareByDecade([{ seconds: 1, count: 0 }])).toThrow(new RangeError("count of tasks must be a positive number, got 0"));
    expect(() =>
      shareByDecade([
        { seconds: 1, count: 3 },
        { seconds: 1, count: -1 },
      ]),
    ).toThrow(new RangeError("count must be a number of at least zero, got -1"));
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => shareByDecade([{ seconds: bad, count: 1 }])).toThrow(new RangeError(`seconds must be a positive number, got ${bad}`));
  });
});

describe("timedTasks", () => {
  const step = [
    { name: "attention", seconds: 40e-6, kernelSeconds: [30e-6, 10e-6] },
    { name: "experts", seconds: 60e-6, kernelSeconds: [40e-6, 20e-6] },
    { name: "experts", seconds: 12e-6, kernelSeconds: [12e-6] },
  ];

  it("counts each kernel once, and the experts of a layer as one or apart", () => {
    const attention = [
      { seconds: 30e-6, count: 1 },
      { seconds: 10e-6, count: 1 },
    ];
    expect(timedTasks(step)).toEqual([...attention, { seconds: 60e-6, count: 1 }, { seconds: 12e-6, count: 1 }]);
    expect(timedTasks(step, 6)).toEqual([...attention, { seconds: 60e-6 / 6, count: 6 }, { seconds: 12e-6 / 6, count: 6 }]);
  });

  it("keeps the time of the kernels", () => {
    const task = fc.record({
      name: fc.constantFrom("experts", "attention", "head"),
      kernelSeconds: fc.array(fc.double({ min: 1e-8, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(task), fc.integer({ min: 1, max: 512 }), (t, apart) => {
        const timed = t.map((one) => ({ ...one, seconds: sum(one.kernelSeconds) }));
        expect(sum(timedTasks(timed, apart).map((one) => one.seconds * one.count))).toBeCloseTo(sum(timed.map((one) => one.seconds)), 9);
      }),
    );
  });

  it("leaves out the time between kernels", () => {
    const between = { name: "between kernels", seconds: 8e-6, kernelSeconds: [8e-6] };
    expect(timedTasks([between, ...step, between])).toEqual(timedTasks(step));
    expect(timedTasks([between])).toEqual([]);
  });

  it("keeps the time of a decode step less what is between kernels, with experts together and apart", () => {
    const { tasks: all, seconds } = decodeStep({
      model: model("kimi-k2"),
      hardware: hardware("h100-sxm"),
      requestsPerGpu: 64,
      contextTokens: 4096,
      expertParallel: 64,
    });
    const between = sum(all.filter(({ name }) => name === "between kernels").map((t) => t.seconds));
    expect(between).toBeGreaterThan(0);
    for (const apart of [1, 6]) expect(sum(timedTasks(all, apart).map((t) => t.seconds * t.count)) / (seconds - between)).toBeCloseTo(1, 9);
  });

  it("refuses to part experts into none", () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => timedTasks(step, bad)).toThrow(new RangeError(`expertsApart must be a positive number, got ${bad}`));
  });
});
