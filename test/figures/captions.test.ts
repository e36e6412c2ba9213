import { describe, expect, it } from "vitest";
import { claims } from "../../src/claims/claims";
import { exchangeInitiatorsFigure } from "../../src/figures/exchange-initiators";
import { launchShareFigure } from "../../src/figures/launch-share";
import { partsFigure } from "../../src/figures/parts";
import { placementFigure } from "../../src/figures/placement-loads";
import { runLengthsFigure, shortRunWords } from "../../src/figures/run-lengths";
import { sparsityLawsFigure } from "../../src/figures/sparsity-laws";
import { measuredSteps } from "../../src/figures/step-parity";
import { systolicUtilisationFigure } from "../../src/figures/systolic-utilisation";
import { taskTimeFigure } from "../../src/figures/task-time";
import { trainingRatioFigure } from "../../src/figures/training-ratio";
import { worthPairsFigure } from "../../src/figures/worth-pairs";
import { machinePairs } from "../../src/fit/machine-pairs";
import { hardware } from "../../src/machine/hardware";
import { model, models } from "../../src/model/registry";
import { exchangePaths } from "../../src/published/exchange-paths";
import { sparsitySteps } from "../../src/published/sparsity-steps";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { formatNumber } from "../../src/text/numbers";
import { experts } from "./figure-cases";

/** Runs of five words of one text that stand in another too. */
function repeated(setting: string, caption: string): readonly string[] {
  const words = setting.match(/[\w'%-]+(?:[.,]\d+)*/g) ?? [];
  const runs = words.slice(4).map((_, i) => words.slice(i, i + 5).join(" "));
  const all = ` ${(caption.match(/[\w'%-]+(?:[.,]\d+)*/g) ?? []).join(" ")} `;
  return runs.filter((run) => all.includes(` ${run} `));
}

type Note = { readonly text: string; readonly name?: string; readonly visible?: boolean; readonly yref?: string; readonly yshift?: number };

describe("words on a figure", () => {
  const notesOf = (figure: { readonly layout: object }) => (figure.layout as { readonly annotations: readonly Note[] }).annotations;

  it("of task times stand on the lines, and as a key of the same names and colours on a narrow page", () => {
    const notes = notesOf(taskTimeFigure(experts, 6144));
    const named = (name: string) => notes.filter((note) => note.name === name);
    const [wide, narrow] = [named("wide"), named("narrow")];
    expect(narrow.map(({ text }) => text).sort()).toEqual(wide.map(({ text }) => text).sort());
    expect(narrow).toHaveLength(experts.length);
    for (const note of narrow) expect(note).toMatchObject({ visible: false, yref: "paper" });
    // One under another, the slowest of one token first, as the lines begin.
    expect(narrow.map(({ yshift }) => yshift)).toEqual([0, -15, -30, -45].map((shift) => expect.closeTo(shift, 9)));
    expect(narrow[0]?.text).toBe("Mixtral-8x22B on H100 SXM");
  });

  it("of pairs of machines stand on the far side of their mark from the line of equals", () => {
    const [note] = notesOf(worthPairsFigure(machinePairs(measuredSteps()))) as unknown as readonly { x: number; y: number; ay: number }[];
    // Both axes are logarithms; ay counts downwards.
    expect(Math.sign(note?.ay ?? 0)).toBe(Math.sign((note?.x ?? 0) - (note?.y ?? 0)));
  });
});

describe("a caption", () => {
  it("does not say again what its setting and source say below it", () => {
    const question = { experts: 256, devices: 32, tokensPerExpert: 128, coefficientOfVariation: 1 };
    for (const figure of [placementFigure(question), systolicUtilisationFigure({ n: 4096, k: 7168 }, 128), trainingRatioFigure()])
      expect(repeated(`${figure.setting} ${figure.source ?? ""}`, figure.caption)).toEqual([]);
    expect(repeated("256 experts on 32 GPUs.", "So: 256 experts on 32 GPUs at once")).toEqual(
      ["256 experts on 32 GPUs."].map((run) => run.slice(0, -1)),
    );
  });

  it("of shares of starts says what fusing gives where there is an exchange, and that there is none on one GPU", () => {
    const place = { hardware: hardware("h100-sxm"), contextTokens: 4096 };
    const words = (id: string, expertParallel: number) => launchShareFigure([{ model: model(id), expertParallel }], place, 32).caption;
    expect(words("qwen3-30b-a3b", 1)).toMatch(/On one GPU there is no exchange that experts could be fused with\.$/);
    expect(words("qwen3-30b-a3b", 1)).not.toContain("takes it from");
    const [, from, to] = /takes it from (.*?) to (.*?): the other kernels of a layer stay\.$/.exec(words("deepseek-v3", 128)) ?? [];
    expect(Number.parseFloat(from ?? "")).toBeGreaterThan(Number.parseFloat(to ?? ""));
  });

  it("of exchanges by who starts them names both libraries, with what the later one takes beside DeepEP", () => {
    const { caption, title } = exchangeInitiatorsFigure(model("deepseek-v3"), hardware("h100-sxm"));
    expect(title).toMatch(/^In pplx-kernels of 2025 a dispatch takes 6\.62 times/);
    const ratios = exchangePaths().map(({ hostSeconds, gpuSeconds }) => hostSeconds / gpuSeconds);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => formatNumber(ratio));
    expect(caption).toContain(
      `fabric-lib of 2026, by the same makers, posts from several threads of the host and takes ${low} to ${high} times`,
    );
  });

  it("of run lengths names what lies in short runs: selected rows, or the pages of a cache that is cut over GPUs, not experts", () => {
    const place = { contextTokens: 32_768, requestsPerGpu: 16, weightFormat: "fp8_block" };
    const cut = decodeAccesses({ ...place, model: model("llama-3-70b"), tensorParallel: 8 });
    const dealt = decodeAccesses({ ...place, model: model("deepseek-v3.2"), expertParallel: 128, attention: "sparse" });
    const whole = decodeAccesses({ ...place, model: model("llama-3-70b") });
    // Eight KV heads over eight GPUs: a page of one, 16 tokens x 128 x 2 B, is 4 KiB.
    expect(cut.find(({ tensor }) => tensor === "KV cache")?.runBytes).toBe(16 * 128 * 2);
    expect(shortRunWords([{ name: "a", accesses: cut }])).toBe(
      "Runs that short are: KV cache, one page of keys, or of values (a). Weights of experts are not among them.",
    );
    expect(shortRunWords([{ name: "b", accesses: dealt }])).toBe(
      "Runs that short are: selected KV rows, one selected token (b). Weights of experts are not among them.",
    );
    expect(shortRunWords([{ name: "c", accesses: whole }])).toBe("");
    expect(runLengthsFigure([{ name: "a", accesses: cut }]).caption).toContain(shortRunWords([{ name: "a", accesses: cut }]));
  });

  it("calls a step between sparsities a doubling only where it is scaled to one", () => {
    const { caption, title } = sparsityLawsFigure(models());
    expect(sparsitySteps().some(({ from, to }) => to !== 2 * from)).toBe(true);
    for (const words of [caption, title]) {
      expect(words).toMatch(/step[^.]*, scaled to a doubling,/);
      expect(words).not.toMatch(/Each doubling/i);
    }
  });

  it("of parts counts marks of one kind, as the numbers beside them do: a pale one never adds to those that count", () => {
    const { caption, layout, data } = partsFigure(claims());
    expect(caption).toContain("× is how many marks of one kind lie on one another, pale ones by themselves.");
    const traces = data as unknown as readonly { readonly x: readonly number[]; readonly y: readonly string[] }[];
    const labels = layout.annotations as readonly { readonly text: string; readonly x: number; readonly y: string }[];
    expect(labels.length).toBeGreaterThan(0);
    for (const { text, x, y } of labels) {
      const counts = traces.map((t) => t.x.filter((value, i) => t.y[i] === y && Math.abs(value - x) < 0.5).length);
      expect(counts, `${text} in ${y}`).toContain(Number(text.slice(1)));
    }
  });
});
