import { describe, expect, it } from "vitest";
import { prefillStartsFigure, startShares } from "../../src/figures/prefill-starts";
import { launch } from "../../src/kernels/launch";
import { decodeStep } from "../../src/step/decode";
import { prefillStep } from "../../src/step/prefill";
import { kernelCount } from "../../src/step/starts";
import { h100, traces, v3 } from "./figure-cases";

const place = { model: v3, hardware: h100, contextTokens: 4096, expertParallel: 32 };
const [decode, prefill] = startShares(place, [64], [4096]) as [ReturnType<typeof startShares>[0], ReturnType<typeof startShares>[0]];
const gaps = (tasks: readonly { name: string; seconds: number }[]) =>
  tasks.reduce((sum, { name, seconds }) => sum + (name === "between kernels" ? seconds : 0), 0);

describe("starts in decode and in prefill", () => {
  it("are kernels times a start, over the kernels' time without what is between them", () => {
    const step = decodeStep({ model: v3, hardware: h100, contextTokens: 4096, requestsPerGpu: 64, expertParallel: 32 });
    const start = kernelCount(step.tasks, "none") * launch("graph", h100).seconds;
    expect(decode.graph).toBeCloseTo(start / (step.seconds - gaps(step.tasks)), 12);
    expect(decode.between).toBeCloseTo(gaps(step.tasks) / step.seconds, 12);
  });

  it("are of one prompt a GPU in prefill, whose host is counted between the kernels", () => {
    const step = prefillStep({ model: v3, hardware: h100, requests: 32, promptTokens: 4096, expertParallel: 32, dataParallel: 32 });
    expect(prefill.seconds).toBe(step.seconds);
    expect(prefill.between).toBeCloseTo(gaps(step.tasks) / step.seconds, 12);
    expect(prefill.stream).toBeLessThan(decode.stream / 10);
  });

  it("are drawn in per cent, decode to 256 tokens and prefill from there", () => {
    const drawn = traces(prefillStartsFigure(place));
    expect(drawn).toHaveLength(6);
    const line = drawn.find(({ name }) => name === "starts from a graph");
    expect(line?.y[line.x.indexOf(64)]).toBeCloseTo(100 * decode.graph, 10);
    expect(Math.max(...(drawn[0]?.x ?? []))).toBe(256);
    expect(Math.min(...(drawn[3]?.x ?? []))).toBe(256);
  });
});
