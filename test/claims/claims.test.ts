import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { probabilityWords, thresholdWords, valueWords } from "../../src/claims/claim-words";
import { articleDay, type Claim, claim, claims, evidence, judgement, newestDay, readClaimTexts, scenarioAt } from "../../src/claims/claims";
import { readEvidence, shareFor } from "../../src/claims/evidence";
import { startedSeconds } from "../../src/claims/exchange";
import { isKnown, lastDay, monthsBefore, wasPublished } from "../../src/claims/known-by";
import { gainOfHalfArray } from "../../src/claims/machine";
import { differentAtFront, gainPerDoubling, median, releasesIn } from "../../src/claims/releases";
import { bytesInRunsUpTo } from "../../src/claims/runs";
import { knob, parameterRows, readParameterRows } from "../../src/claims/scenario";
import { thenAndNow, verdictTable } from "../../src/claims/verdict-table";
import { parseRows } from "../../src/data/rows";
import { source } from "../../src/data/sources";
import { probabilitiesFigure } from "../../src/figures/probabilities";
import { tornadoFigure } from "../../src/figures/tornado";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { busiestOverMean, expectedMaximum } from "../../src/routing/busiest-gpu";

const ids = ["0a", "0b", "0c", "0d", "1", "2", "3", "4", "5", "6a", "6b", "6c", "7a", "7b", "8", "9"];
const notebooks = [
  "01-tokens-per-expert",
  "02-task-time",
  "03-access-size",
  "04-load-balance",
  "05-array-size",
  "06-launch-overhead",
  "07-requests-per-second",
  "08-tensor-to-expert-parallel",
  "09-dma-or-load-store",
  "10-what-next",
];

describe("claims", () => {
  it("are the article's sixteen, each with its words, its threshold and the reason for it", () => {
    expect(claims().map((c) => c.id)).toEqual(ids);
    for (const c of claims()) {
      expect(notebooks, c.id).toContain(c.notebook);
      expect(Object.keys(c.threshold).length, c.id).toBeGreaterThan(0);
      expect(["token", "s", "ratio", "share"], c.id).toContain(c.unit);
      expect(["decode", "training", "market"], c.id).toContain(c.regime);
      for (const words of [c.statement, c.quantity, c.thresholdReason, c.whatWouldChangeIt, c.why])
        expect(words.length).toBeGreaterThan(10);
    }
    expect(new Set(claims().map((c) => c.notebook)).size).toBe(notebooks.length);
  });

  it("stand on at least two sources for and two against", () => {
    for (const c of claims()) {
      expect(new Set(c.evidence.for.map((e) => e.source)).size, `${c.id} for`).toBeGreaterThanOrEqual(2);
      expect(new Set(c.evidence.against.map((e) => e.source)).size, `${c.id} against`).toBeGreaterThanOrEqual(2);
    }
  });

  it("have a verdict that follows from probability and conditions, and a probability that is a share of draws", () => {
    for (const c of [...claims(), ...claims({ knownBy: articleDay })]) {
      expect(c.verdict, c.id).toBe(judgement(c.probability, c.conditions().slice(1), c.evidence.for.length + c.evidence.against.length));
      if (!Number.isNaN(c.probability)) expect(Number.isInteger(Math.round(c.probability * 4096 * 1e6) / 1e6), c.id).toBe(true);
    }
  });

  it("give their middle value, and whether it holds, from evaluate without arguments", () => {
    for (const c of claims()) {
      const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = c.threshold;
      expect(c.evaluate(), c.id).toEqual({ value: c.value, holds: c.holds });
      expect(c.holds, c.id).toBe(c.value >= atLeast && c.value <= atMost);
      expect(c.conditions()[0]?.holds, c.id).toBe(c.holds);
    }
  });

  it("take a plain scenario: the article's own numbers give 128, DeepSeek-V3's 192", () => {
    // 6,144 x 8 / 384 and 6,144 x 8 / 256.
    expect(claim("0a").evaluate({ model: "kimi-k2", tokensInFlight: 6144 })).toEqual({ value: 128, holds: true });
    expect(claim("0a").evaluate({ model: "deepseek-v3", tokensInFlight: 6144 })).toEqual({ value: 192, holds: true });
    expect(claim("0a").evaluate({ model: "mixtral-8x22b", tokensInFlight: 6144 })).toEqual({ value: 1536, holds: false });
  });

  it("give the same bytes for the same seed, and nearly the same probability for another", () => {
    const bytes = (seed: number) => JSON.stringify(claims({ seed, draws: 512 }));
    expect(bytes(3)).toBe(bytes(3));
    for (const c of claims({ seed: 2 })) expect(c.probability, c.id).toBeCloseTo(claim(c.id).probability, 1);
  });

  it("keep what is asked for and draw the rest", () => {
    const fixed = claim("0a", { scenario: { model: "kimi-k2", tokensInFlight: 6144 } });
    expect(fixed.parameters).toEqual([]);
    expect(fixed.band).toEqual({ low: 128, median: 128, high: 128 });
    expect(fixed.probability).toBe(1);
    expect(() => claim("0a", { scenario: { model: "kimi-k9" } })).toThrow(/unknown model "kimi-k9"; nearest: kimi-k/);
    expect(() => claim("0e")).toThrow(/unknown claim "0e"; nearest: 0/);
  });

  it("have a notebook that prints the verdict of the code, and none typed by hand", () => {
    for (const c of claims()) {
      const { cells } = JSON.parse(readFileSync(join(__dirname, "..", "..", "notebooks", `${c.notebook}.ipynb`), "utf8")) as {
        cells: { cell_type: string; source: string[]; outputs?: { data?: Record<string, string[]> }[] }[];
      };
      const printed = cells.flatMap((cell) => cell.outputs ?? []).map((o) => [o.data?.["text/markdown"] ?? []].flat().join(""));
      expect(
        printed.some((words) => new RegExp(`\\b${c.id}\\b[^\\n]{0,120}${c.verdict}`).test(words)),
        `${c.id} in ${c.notebook}`,
      ).toBe(true);
      const typed = cells.filter((cell) => cell.cell_type === "markdown").map((cell) => [cell.source].flat().join(""));
      expect(
        typed.some((words) => new RegExp(`\\b${c.id}\\b[^\\n]{0,120}(supported|untested)`).test(words)),
        `${c.id} in ${c.notebook}`,
      ).toBe(false);
    }
  });

  it("are judged by what was known on a day", () => {
    const then = claims({ knownBy: articleDay });
    for (const c of then) {
      for (const e of [...c.evidence.for, ...c.evidence.against]) expect(e.date <= articleDay, `${c.id} ${e.source}`).toBe(true);
      for (const { name, spread } of c.parameters) {
        if (name === "model" && spread.kind === "choice")
          for (const id of spread.choices) expect(model(id as string).released <= articleDay).toBe(true);
        if (name === "hardware" && spread.kind === "choice")
          for (const id of spread.choices) expect(hardware(id as string).released).toBeLessThan(2025);
      }
    }
    expect(scenarioAt(articleDay).model).toBe("deepseek-v3");
    expect(then.find((c) => c.id === "6c")?.verdict).toBe("untested");
    expect(then.find((c) => c.id === "6b")?.probability).toBeNaN();
    expect(thenAndNow().map(({ now }) => now.id)).toEqual(ids);
  });
});

describe("judgement", () => {
  const [yes, no] = [
    { condition: "a", found: "", holds: true },
    { condition: "b", found: "", holds: false },
  ];
  it("asks for nine draws in ten and for every condition", () => {
    expect(judgement(0.9, [yes], 1)).toBe("supported");
    expect(judgement(0.9, [], 1)).toBe("supported");
    expect(judgement(0.89, [yes], 1)).toBe("supported within bounds");
    expect(judgement(1, [yes, no], 1)).toBe("supported within bounds");
  });
  it("refuses a claim only when one draw in ten or fewer and no condition holds", () => {
    expect(judgement(0.1, [no], 1)).toBe("not supported");
    expect(judgement(0.11, [no], 1)).toBe("supported within bounds");
    expect(judgement(0, [yes, no], 1)).toBe("supported within bounds");
  });
  it("leaves a claim untested when there is no value or nothing was published", () => {
    expect(judgement(Number.NaN, [yes], 3)).toBe("untested");
    expect(judgement(1, [yes], 0)).toBe("untested");
  });
});

describe("formulas of the claims", () => {
  it("find the busiest of many GPUs: 1 + z sqrt((skew² + 1/m) gpus / experts)", () => {
    // One expert a GPU, no skew, m = 100: 1 + z(64) 0.1; z(64) = 2.39 in tables of order statistics.
    expect(expectedMaximum(64)).toBeCloseTo(2.39, 1);
    expect(expectedMaximum(1)).toBe(0);
    expect(busiestOverMean({ tokensPerExpert: 100, routedExperts: 64, gpus: 64, skew: 0 })).toBeCloseTo(1.239, 2);
    // Four experts a GPU halve what stands out: sqrt(1 / 4).
    const one = busiestOverMean({ tokensPerExpert: 100, routedExperts: 64, gpus: 64, skew: 0.3 }) - 1;
    expect(busiestOverMean({ tokensPerExpert: 100, routedExperts: 256, gpus: 64, skew: 0.3 }) - 1).toBeCloseTo(one / 2, 12);
  });

  it("see no use in a narrower array while memory binds, and its use once it does not", () => {
    // Ironwood in FP8: m* = 4,614e12 / (2 x 7,380e9) = 312.6 > 256, so 128 rows are memory-bound on either width.
    expect(gainOfHalfArray(hardware("tpu-v7"), 128, 1, "bf16")).toBe(1);
    // In 4 bits with scales m* = 312.6 x 0.53125 = 166.1: 128 / 166.1 with the half array over 128 / 256 with the whole.
    expect(gainOfHalfArray(hardware("tpu-v7"), 128, 1, "mxfp4")).toBeCloseTo(256 / (312.6 * 0.53125), 3);
    // Memory four times as fast: m* = 41.5, so 64 rows use 64 / 128 of the half array and 64 / 256 of the whole.
    const fast = { ...hardware("tpu-v7"), memoryBytesPerSecond: 4 * hardware("tpu-v7").memoryBytesPerSecond };
    expect(gainOfHalfArray(fast, 64, 1, "mxfp4")).toBeCloseTo(2, 12);
  });

  it("time an exchange as its starts and its bytes, and scale a gain to a doubling", () => {
    // 1,000 messages of 2 us in 4 queues: 500 us; 50 MB over 50 GB/s: 1 ms.
    expect(startedSeconds({ messages: 1000, bytes: 5e7, messageSeconds: 2e-6, queues: 4, linkBytesPerSecond: 5e10 })).toBeCloseTo(
      1.5e-3,
      12,
    );
    // 1.15 from 32 to 48 (1.5 times): 1.15^(ln 2 / ln 1.5) = 1.15^1.7095 = 1.27.
    expect(gainPerDoubling(1.15, 1.5)).toBeCloseTo(1.27, 2);
    expect(gainPerDoubling(1.5, 2)).toBeCloseTo(1.5, 12);
  });

  it("count bytes by run, weights as stored or by tile", () => {
    const accesses = [
      { tensor: "w", runBytes: 1000, bytes: 3000, run: "one weight matrix" },
      { tensor: "t", runBytes: 10, bytes: 1000, run: "one token" },
    ];
    expect(bytesInRunsUpTo(accesses, 100)).toBe(0.25);
    expect(bytesInRunsUpTo(accesses, 100, 64)).toBe(1);
    expect(bytesInRunsUpTo(accesses, 5)).toBe(0);
  });

  it("count layers at the front that are dense or hashed, not those that alternate", () => {
    expect(differentAtFront(model("deepseek-v3"))).toBe(3);
    expect(differentAtFront(model("deepseek-v4-pro"))).toBe(3);
    expect(differentAtFront(model("llama-4-maverick"))).toBe(0);
    expect(differentAtFront(model("gpt-oss-120b"))).toBe(0);
  });

  it("take releases of a window and above a size alone", () => {
    const window = releasesIn({ until: "2025-01-11", months: 12, sizeFloor: 3e11 }).map((m) => m.id);
    expect(window).toContain("deepseek-v3");
    expect(window).not.toContain("kimi-k2");
    expect(window).not.toContain("deepseek-v2");
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("dates", () => {
  it("let a month or a year count from its last day on", () => {
    expect(lastDay("2024-02")).toBe("2024-02-29");
    expect(lastDay("2024")).toBe("2024-12-31");
    expect(isKnown("2025-01", "2025-01-11")).toBe(false);
    expect(isKnown("2024-12-26", "2025-01-11")).toBe(true);
    expect(monthsBefore("2025-03-31", 1)).toBe("2025-02-28");
    expect(monthsBefore("2025-01-11", 24)).toBe("2023-01-11");
  });
  it("take a document as known once it was read", () => {
    expect(wasPublished("2026", "2026-11-24", "2026-11-24")).toBe(true);
    expect(wasPublished("2026", undefined, "2026-11-24")).toBe(false);
    expect(wasPublished(undefined, "2026-11-24", "2026-11-24")).toBe(false);
    expect(newestDay() > "2026-10-01").toBe(true);
  });
});

describe("tables of the claims", () => {
  const parameters = (row: string) =>
    readParameterRows(parseRows("claim-parameters.csv", `claim,parameter,label,unit,low,nominal,high,scale,since,source,reason\n${row}\n`));
  const rows = (line: string) => readEvidence(parseRows("evidence.csv", `claim,stance,side,says,source,date,regime,confidence\n${line}\n`));

  it("name file and line of what cannot be read", () => {
    expect(() => parameters("1,x,x,furlong,1,2,3,log,,estimate,none")).toThrow('claim-parameters.csv:2: unknown unit "furlong"');
    expect(() => parameters("1,x,x,ratio,3,2,1,log,,estimate,none")).toThrow(
      "claim-parameters.csv:2: expected low <= nominal <= high, got 3, 2 and 1",
    );
    expect(() => rows("1,for,,says,nobody2026,2026,decode,high")).toThrow(/evidence.csv:2: unknown source "nobody2026"; nearest:/);
    expect(() => rows("1,perhaps,,says,estimate,2026,decode,high")).toThrow("evidence.csv:2: expected stance to be one of for, against");
    const texts = (row: string) =>
      readClaimTexts(
        parseRows(
          "claims.csv",
          `id,name,statement,quantity,unit,regime,atLeast,atMost,thresholdReason,notebook,whatWouldChangeIt,why\n${row}\n`,
        ),
        ["1"],
      );
    expect(() => texts("2,n,s,q,ratio,decode,1,,r,n,w,y")).toThrow('claims.csv:2: no rule computes the claim "2"; nearest: 1');
    expect(() => texts("1,n,s,q,ratio,decode,,,r,n,w,y")).toThrow("claims.csv:2: expected atLeast or atMost, got neither");
  });

  it("rest on sources that exist, on claims that exist, and are used", () => {
    for (const row of parameterRows()) {
      expect(() => source(row.source ?? ""), row.name).not.toThrow();
      expect([...ids, "*"]).toContain(row.claim);
      const users = claims().filter(
        (c: Claim) =>
          (row.claim === "*" || row.claim === c.id) &&
          (c.parameters.some((p) => p.name === row.name) || ["contextTokens"].includes(row.name)),
      );
      expect(users.length, `${row.claim} ${row.name}`).toBeGreaterThan(0);
    }
    for (const e of evidence()) expect(ids, e.says).toContain(e.claim);
  });

  it("replace an interval once a later one is known", () => {
    expect(knob("0d", "skew", scenarioAt(articleDay))).not.toBe(knob("0d", "skew", scenarioAt("2026-11-24")));
    expect(() => knob("1", "skews", scenarioAt(articleDay))).toThrow(/claim 1 has no parameter "skews"; nearest: skew/);
  });

  it("weigh evidence by confidence", () => {
    // 1 for (high) against 0.25 (low): 0.8.
    const two = [...rows("1,for,a,says,estimate,2026,decode,high"), ...rows("1,against,a,says,estimate,2026,decode,low")];
    expect(shareFor(two, "a")).toBe(0.8);
    expect(shareFor(two, "b")).toBeUndefined();
  });
});

describe("verdictTable", () => {
  it("has a row for each claim with its verdict now and then and a link to its notebook", () => {
    const lines = verdictTable().split("\n");
    expect(lines).toHaveLength(18);
    for (const [i, { atArticle, now }] of thenAndNow().entries()) {
      const line = lines[i + 2] as string;
      expect(line).toContain(`| **${now.verdict}** | ${atArticle.verdict} |`);
      expect(line).toContain(`(notebooks/${now.notebook}.ipynb)`);
      expect(line.split(" | ")).toHaveLength(8);
    }
    expect(verdictTable({ address: (n) => `${n}.html` })).toContain("[02](02-task-time.html)");
  });
  it("says values, thresholds and probabilities as a reader expects", () => {
    expect(thresholdWords({ threshold: { atLeast: 1e-6, atMost: 1e-5 }, unit: "s" })).toBe("from 1 µs to 10 µs");
    expect(thresholdWords({ threshold: { atMost: 1.1 }, unit: "ratio" })).toBe("at most 1.1");
    expect(valueWords(0.2, "share")).toBe("20 %");
    expect(valueWords(128, "token")).toBe("128 tokens");
    expect([0, 0.004, 0.5, 0.999, 1, Number.NaN].map(probabilityWords)).toEqual(["0 %", "under 1 %", "50 %", "over 99 %", "100 %", "–"]);
  });
});

describe("figures of the verdicts", () => {
  it("draw the probabilities of the claims, hold no NaN and stay under 60 KB", () => {
    const figure = probabilitiesFigure(thenAndNow());
    const drawn = figure.data.filter((t) => String(t.name).startsWith("now")).flatMap((t) => t.x as number[]);
    expect(drawn.sort()).toEqual(
      claims()
        .map((c) => 100 * c.probability)
        .sort(),
    );
    for (const f of [figure, tornadoFigure(claims())]) {
      expect(JSON.stringify(f).length).toBeLessThan(60_000);
      expect(JSON.stringify(f, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? "bad number" : v))).not.toContain("bad number");
      expect(f.caption.length).toBeGreaterThan(50);
    }
  });
  it("draw the rank correlations of the claim picked, one trace a claim", () => {
    const figure = tornadoFigure(claims(), "4");
    const visible = figure.data.filter((t) => t.visible === true);
    expect(visible.map((t) => t.name)).toEqual(["4"]);
    expect(visible[0]?.x).toEqual(
      claim("4")
        .tornado.slice(0, 6)
        .map((i) => i.rankCorrelation),
    );
  });
});
