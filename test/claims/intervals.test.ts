import { describe, expect, it } from "vitest";
import { interval, intervals, parameterRows, readParameterRows, shareBelow } from "../../src/claims/intervals";
import type { Context } from "../../src/claims/parts/context";
import type { Part } from "../../src/claims/parts/part";
import { brierScore, judgements, ownForecasts, readForecasts, readJudgements, resolvedParts } from "../../src/claims/score";
import { parseRows } from "../../src/data/rows";

const today = "2026-11-29";
const context = (change: object = {}) => ({ knownBy: today, scenario: {}, ...change }) as unknown as Context;

describe("how much of an interval lies below a value", () => {
  it("is a share of its length, or of its logarithm", () => {
    const linear = { spread: { kind: "linear", low: 2, high: 6 } } as const;
    expect([1, 2, 3, 6, 7].map((value) => shareBelow(linear, value))).toEqual([0, 0, 0.25, 1, 1]);
    const log = { spread: { kind: "log", low: 1, high: 100 } } as const;
    expect(shareBelow(log, 10)).toBeCloseTo(0.5, 12);
    expect([0.5, 1, 100].map((value) => shareBelow(log, value))).toEqual([0, 0, 1]);
    expect(shareBelow({ spread: { kind: "log", low: 10, high: 1000 } }, 100)).toBeCloseTo(0.5, 12);
    expect(() => shareBelow({ spread: { kind: "choice", choices: ["a"] } }, 1)).toThrow("spread must be an interval, got a choice");
  });

  it("is all or nothing where the interval is a value", () => {
    const pinned = { spread: { kind: "linear", low: 3, high: 3 } } as const;
    expect([2.9, 3, 3.1].map((value) => shareBelow(pinned, value))).toEqual([0, 1, 1]);
  });
});

describe("rows of intervals", () => {
  const head = "claim,parameter,label,unit,low,nominal,high,scale,since,source,reason\n";
  const read = (...rows: string[]) => readParameterRows(parseRows("claim-parameters.csv", head + rows.join("\n")));

  it("come in base units, with their spread", () => {
    expect(read("1,size,a size,kB,1,2,3,log,,estimate,why", "2,way,a way,count,0,0,1,either,2025-02-01,estimate,why")).toEqual([
      {
        ...{ claim: "1", name: "size", label: "a size", nominal: 2000, spread: { kind: "log", low: 1000, high: 3000 } },
        ...{ since: "", source: "estimate", reason: "why" },
      },
      {
        ...{ claim: "2", name: "way", label: "a way", nominal: 0, spread: { kind: "choice", choices: [0, 1] } },
        ...{ since: "2025-02-01", source: "estimate", reason: "why" },
      },
    ]);
  });

  it("are refused by file and line", () => {
    const bad = (unit: string, low: number, nominal: number, high: number) => () =>
      read(`1,x,x,${unit},${low},${nominal},${high},log,,s,r`);
    expect(bad("kb", 1, 2, 3)).toThrow('claim-parameters.csv:2: unknown unit "kb"');
    expect(bad("s", 3, 2, 4)).toThrow("claim-parameters.csv:2: expected low <= nominal <= high, got 3, 2 and 4");
    expect(bad("s", 1, 5, 4)).toThrow("claim-parameters.csv:2: expected low <= nominal <= high, got 1, 5 and 4");
    expect(bad("s", 2, 2, 2)).not.toThrow();
    expect(() => read("1,x,x,s,1,2,3,cubic,,s,r")).toThrow("claim-parameters.csv:2");
  });

  it("are the claim's own, else those of every claim, as they were known on the day", () => {
    const everyone = parameterRows().filter(({ claim, name }) => claim === "*" && name === "tokensInFlight");
    expect(interval("0a", "tokensInFlight", today)).toEqual(everyone.at(-1));
    for (const row of parameterRows().filter(({ claim }) => claim !== "*")) {
      const of = parameterRows().filter(({ claim, name }) => claim === row.claim && name === row.name);
      expect(of).toContainEqual(interval(row.claim, row.name, "2099-01-01"));
      expect(interval(row.claim, row.name, "2099-01-01"), `${row.claim} ${row.name}`).toBe(of.at(-1));
    }
    expect(() => interval("0a", "tokensInFligt", today)).toThrow(
      /^claim 0a has no parameter "tokensInFligt"; nearest: tokensInFlight(, \S+)*$/,
    );
  });

  it("are not another claim's", () => {
    const other = parameterRows().find(({ claim }) => claim !== "*" && claim !== "0a");
    expect(() => interval("0a", other?.name ?? "", today)).toThrow(`claim 0a has no parameter "${other?.name}"`);
  });

  it("were not known before their day", () => {
    const late = parameterRows().find(
      ({ claim, name, since }) => since !== "" && !parameterRows().some((o) => o.claim === claim && o.name === name && o.since === ""),
    );
    if (late === undefined) throw new Error("no row of data/claim-parameters.csv has a day alone");
    expect(() => interval(late.claim, late.name, "2000-01-01")).toThrow(
      `knownBy must be a day on which ${late.name} of claim ${late.claim} was known, got "2000-01-01"`,
    );
    expect(intervals(late.claim, [late.name], context({ knownBy: "2000-01-01" }))).toBeUndefined();
    expect(intervals(late.claim, ["tokensInFlight", late.name], context({ knownBy: "2000-01-01" }))).toBeUndefined();
  });

  it("are pinned by an assumption, and those alone", () => {
    const names = ["tokensInFlight", "expertParallel"];
    const scenario = { assumptions: { tokensInFlight: 5000 } };
    const [pinned, free] = intervals("0a", names, context({ scenario })) ?? [];
    expect(pinned).toMatchObject({ nominal: 5000, spread: { kind: "linear", low: 5000, high: 5000 } });
    expect(free).toEqual(interval("0a", "expertParallel", today));
    expect(intervals("0a", names, context())).toEqual(names.map((name) => interval("0a", name, today)));
  });
});

describe("the author's score", () => {
  const part = (change: Partial<Part>) =>
    ({ id: "1.x", statement: "it grows", stance: "asserts", stress: 1, outcome: "right", scope: "decode", ...change }) as Part;
  const resolve = (change: Partial<Part>) => resolvedParts([{ parts: [part(change)] }]);

  it("has of an assertion 0.8, of a hedge a half, against one, a half and nothing", () => {
    expect(resolve({})).toEqual([
      { part: "1.x", statement: "it grows", stated: 0.8, outcome: 1, author: expect.closeTo(0.04, 12), noChange: expect.closeTo(0.64, 12) },
    ]);
    expect(resolve({ outcome: "wrong" })[0]).toMatchObject({ outcome: 0, author: expect.closeTo(0.64, 12) });
    expect(resolve({ outcome: "open", stance: "hedges" })[0]).toMatchObject({ stated: 0.5, outcome: 0.5, author: 0, noChange: 0 });
    expect(resolve({ outcome: "wrong", stance: "hedges" })[0]).toMatchObject({ author: 0.25, noChange: 0.25 });
  });

  it("leaves out what is ours, only asked, taken back, counted by the article itself, or not decided", () => {
    const left: Partial<Part>[] = [
      { stress: 0 },
      { stance: "asks" },
      { stance: "retracts" },
      { scope: "arithmetic" },
      { outcome: "depends" },
      { outcome: "pending" },
    ];
    for (const change of left) expect(resolve(change), JSON.stringify(change)).toEqual([]);
  });

  it("is the mean of its parts, and that of no change beside it", () => {
    const score = brierScore([...resolve({}), ...resolve({ outcome: "wrong" }), ...resolve({ outcome: "open", stance: "hedges" })]);
    expect(score).toEqual({ author: expect.closeTo(0.68 / 3, 12), noChange: expect.closeTo(0.68 / 3, 12), parts: 3 });
  });
});

describe("what was judged and forecast", () => {
  const judged = (...rows: string[]) =>
    readJudgements(parseRows("judgements.csv", `date,version,claim,verdict,headline\n${rows.join("\n")}\n`));
  const head = "id,frozen,resolves,quantity,unit,low,high,probability,rule,reason,source,outcome,status\n";
  const forecast = (row: string) => readForecasts(parseRows("forecasts.csv", `${head}${row}\n`));
  const open = "a,2026-01-01,2027-01-01,q,u,1,2,0.8,r,w,estimate,,open";

  it("is a list of days in order, with a headline or none", () => {
    expect(judged("2026-01-01,2,1,Wrong,it is", "2026-01-01,2,2,Right,")).toEqual([
      { date: "2026-01-01", version: "2", claim: "1", verdict: "Wrong", headline: "it is" },
      { date: "2026-01-01", version: "2", claim: "2", verdict: "Right", headline: "" },
    ]);
    expect(() => judged("2026-01-02,2,1,Wrong,x", "2026-01-01,2,1,Wrong,x")).toThrow(
      'judgements.csv:3: expected a day not before 2026-01-02, got "2026-01-01"',
    );
    for (const day of ["2026-1-01", "x2026-01-01", "2026-01-011"])
      expect(() => judged(`${day},2,1,Wrong,x`), day).toThrow(`judgements.csv:2: expected a day not before , got "${day}"`);
  });

  it("is a band with a probability, open until it is resolved", () => {
    expect(forecast(open)).toEqual([
      {
        ...{ id: "a", frozen: "2026-01-01", resolves: "2027-01-01", quantity: "q", unit: "u", low: 1, high: 2 },
        ...{ probability: 0.8, rule: "r", reason: "w", source: "estimate", status: "open" },
      },
    ]);
    const outcome = (value: string, status: string) => forecast(open.replace(",,open", `,${value},${status}`))[0]?.status;
    expect(outcome("1", "held")).toBe("held");
    expect(outcome("2", "held")).toBe("held");
    expect(outcome("2.1", "missed")).toBe("missed");
    expect(outcome("0.9", "missed")).toBe("missed");
    expect(outcome("", "void")).toBe("void");
    expect(forecast(open.replace(",,open", ",1.5,held"))[0]).toMatchObject({ outcome: 1.5 });
    expect(forecast(open)[0]).not.toHaveProperty("outcome");
  });

  it("is read from data/: the first verdicts of all claims, and forecasts of ours", () => {
    expect(judgements().map(({ claim }) => claim)).toContain("0a");
    expect(ownForecasts().map(({ status }) => status)).toContain("open");
  });

  it.each([
    ["expected low < high, got 2 and 2", [",1,2,", ",2,2,"]],
    ["expected a probability between 0 and 1, got 1", [",0.8,", ",1,"]],
    ["expected a probability between 0 and 1, got 0", [",0.8,", ",0,"]],
    ["expected the status open or void, got held", [",,open", ",,held"]],
    ["expected the status held, got missed", [",,open", ",1.5,missed"]],
    ["expected the status missed, got held", [",,open", ",3,held"]],
    ["expected to be resolved after 2026-01-01, got 2026-01-01", ["2027-01-01", "2026-01-01"]],
  ] as const)("is refused by line: %s", (words, [from, to]) => {
    expect(() => forecast(open.replace(from, to))).toThrow(`forecasts.csv:2: ${words}`);
  });
});
