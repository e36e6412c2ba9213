import { describe, expect, it } from "vitest";
import { arrayMachines } from "../../src/kernels/array-caps";
import { hardware } from "../../src/machine/hardware";
import { type HardwareChanges, whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { messagePlane, rowsPlane, widthPlane } from "../../src/step/planes";
import { gpuPostedLimit, scaleUpLimit } from "../../src/step/tiers";

const [h100, tpu] = [hardware("h100-sxm"), hardware("tpu-v7")];
const models = ["deepseek-v3", "mixtral-8x22b"].map(model);

describe("rows", () => {
  it("by hand: 6,144 tokens, 8 of 256 and 2 of 8; m* of H100 in FP8 is peak / (2 bandwidth), an array of 256 asks for more at 4 bits", () => {
    const { columns, rows } = rowsPlane([h100], models, 6144, ["fp8"]);
    expect(columns.map(({ has }) => has)).toEqual([192, 1536]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.needs).toBeCloseTo((h100.peakFlopsPerSecond.fp8 ?? 0) / (2 * 3.35e12), 6);
    expect(rows[0]).toMatchObject({ of: "fp8", because: "memory", isWhatIf: false });
    // 4-bit weights multiplied in FP8 halve m*: 4.614e15 x 0.53125 / (2 x 7.38e12) = 166, below the 256 rows of the array.
    expect(rowsPlane([tpu], models, 6144, ["w4a8_mxfp4_mxfp8"]).rows[0]).toMatchObject({ because: "array", needs: 256 });
  });

  it("places a machine that does not exist: an array of 512, and twice the bandwidth", () => {
    const wide = whatIfHardware(tpu, { "matrixUnit.rows": 512 });
    expect(rowsPlane([wide], models, 6144, ["w4a8_mxfp4_mxfp8"]).rows[0]).toMatchObject({ because: "array", needs: 512, isWhatIf: true });
    const fast = whatIfHardware(h100, { memoryBytesPerSecond: { times: 2 } });
    const [half, whole] = [fast, h100].map((m) => rowsPlane([m], models, 6144, ["fp8"]).rows[0]?.needs ?? 0) as [number, number];
    expect(half).toBeCloseTo(whole / 2, 9);
  });

  it("asks for a tile where that is the most, scaled with the columns of a what-if, and of a machine without a row for m* alone", () => {
    const limits = arrayMachines().find(({ id }) => id === "tpu-v7")?.limits;
    const format = ["w4a8_mxfp4_mxfp8"];
    const needs = (change: HardwareChanges) => rowsPlane([whatIfHardware(tpu, change)], models, 6144, format).rows[0];
    const wide = needs({ "matrixUnit.columns": { times: 1024 } });
    expect(wide).toMatchObject({ because: "tile", needs: 1024 * (limits?.tokenTile ?? 0), isWhatIf: true });
    // A what-if of a what-if is measured by the machine that exists.
    const twice = whatIfHardware(whatIfHardware(tpu, { "matrixUnit.rows": 512 }), { memoryBytes: { times: 2 } });
    expect(rowsPlane([twice], models, 6144, format).rows[0]).toMatchObject({ because: "array", needs: 512 });
    const unknown = { ...tpu, id: "tpu-of-tomorrow" };
    const ridge = ((tpu.peakFlopsPerSecond.fp8 ?? 0) * (0.5 + 1 / 32)) / (2 * tpu.memoryBytesPerSecond);
    const alone = rowsPlane([unknown], models, 6144, format).rows[0];
    expect(alone).toMatchObject({ because: "memory", machine: tpu.name, isWhatIf: false });
    expect(alone?.needs).toBeCloseTo(ridge, 6);
  });

  it("leaves out a format that a machine does not multiply", () => {
    expect(rowsPlane([h100], models, 64, ["nvfp4"]).rows).toEqual([]);
  });
});

describe("messages and widths", () => {
  it("a link asks for its bandwidth over its rate of messages; faster links ask for longer ones", () => {
    const { columns, rows } = messagePlane([h100, whatIfHardware(h100, { scaleUpBytesPerSecond: { times: 2 } })], models);
    // 7,168 bytes, a scale of 4 for each 128, and a header of 16.
    expect(columns[0]?.has).toBe(7168 + (7168 / 128) * 4 + 16);
    const scaleUp = rows.filter(({ of }) => of === "scale-up");
    expect(scaleUp[1]?.needs).toBeCloseTo(2 * (scaleUp[0]?.needs ?? 0), 6);
    expect(rows.filter(({ of }) => of === "network")).toHaveLength(2);
  });

  it("a tier that a machine lacks is left out; the card is asked at its own bandwidth, as the GPU posts, and a token's bytes fill it", () => {
    const { scaleUpBytesPerSecond: _a, ...cardOnly } = h100;
    const { networkBytesPerSecond: _b, ...linkOnly } = h100;
    const rows = (machine: typeof h100) => messagePlane([machine], models).rows;
    const posted = gpuPostedLimit(h100);
    expect(rows(cardOnly)).toEqual([
      {
        ...{ machine: h100.name, of: "network", because: posted.name, isWhatIf: false },
        needs: (h100.networkBytesPerSecond as number) / posted.requestsPerSecond,
      },
    ]);
    expect(messagePlane([cardOnly], models).columns.every(({ has }) => has > (rows(cardOnly)[0]?.needs ?? 0))).toBe(true);
    const { bytesPerSecond, requestsPerSecond, name } = scaleUpLimit(h100);
    expect(rows(linkOnly)).toEqual([
      { machine: h100.name, of: "scale-up", needs: bytesPerSecond / requestsPerSecond, because: name, isWhatIf: false },
    ]);
    expect(widthPlane([h100], models).rows[0]).toMatchObject({ because: "FP8 over the link" });
  });

  it("an expert of width d has 2 d, a machine needs its FLOPs of a byte's time", () => {
    const { columns, rows } = widthPlane([h100, hardware("a100-sxm")], models);
    expect(columns.map(({ has }) => has)).toEqual([2 * 2048, 2 * 16384]);
    expect(rows.map(({ machine, of }) => [machine, of])).toEqual([
      ["H100 SXM", "scale-up"],
      ["H100 SXM", "network"],
    ]);
    expect(rows[0]?.needs).toBe((h100.peakFlopsPerSecond.fp8 ?? 0) / (h100.scaleUpBytesPerSecond ?? 1));
  });
});
