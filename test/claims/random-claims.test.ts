import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { articleDay, claims, newestDay, type Scenario } from "../../src/claims/claims";
import { parameterRows } from "../../src/claims/scenario";
import type { Parameter } from "../../src/claims/uncertainty";
import { machines } from "../../src/machine/hardware";
import { weightFormatNames } from "../../src/machine/number-formats";
import { isMoe } from "../../src/model/model";
import { model, models } from "../../src/model/registry";

const slow = { timeout: 180_000 };
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const whole = (min: number, max: number) => fc.integer({ min, max });

const days = ["2024-12-31", articleDay, "2025-06-30", "2026-01-01", newestDay()];
const judged = claims({ draws: 16 });

/** Of a claim's own parameters, a place in each interval. */
function knobsAt(parameters: readonly Parameter[], places: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    parameters.flatMap(({ name, spread }, i) => {
      const place = places[i] as number;
      if (spread.kind === "choice")
        return typeof spread.choices[0] === "number" ? [[name, spread.choices[Math.floor(place * spread.choices.length)] as number]] : [];
      const value = spread.low + place * (spread.high - spread.low);
      return [[name, spread.kind === "whole" ? Math.round(value) : value]];
    }),
  );
}
const fieldNames = ["model", "hardware", "tokensInFlight", "expertParallel", "contextTokens"];
const own = new Map(judged.map((c) => [c.id, c.parameters.filter((p) => !fieldNames.includes(p.name))]));

const anyScenario = fc.record({
  model: pick(models().map((m) => m.id)),
  hardware: pick(machines().map((m) => m.id)),
  tokensInFlight: fc.oneof(whole(1, 64), whole(1, 1_000_000)),
  expertParallel: fc.oneof(whole(1, 8), whole(1, 1024)),
  contextTokens: fc.oneof(whole(1, 64), whole(1, 1_000_000)),
  weightFormat: pick(weightFormatNames),
  knownBy: pick(days),
});
const places = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 8, maxLength: 8 });

/** Whether a claim may refuse a scenario so: it counts experts, what is sent between GPUs, or (its conditions) needs a link. */
function mayRefuse(message: string, s: Pick<Scenario, "model" | "expertParallel">): boolean {
  if (/^model must have routed experts, and \S+ has none$/.test(message)) return !isMoe(model(s.model));
  if (message === "expertParallel must be at least 2 for anything to be sent, got 1") return s.expertParallel === 1;
  return /^\S+ has no (networkBytesPerSecond|scaleUpBytesPerSecond)/.test(message);
}

/** Claims that wait for something to be published: before, their value is not known. */
const waiting = ["6b", "6c", "7a"];

describe("every claim in any scenario", () => {
  it("is a finite number of at least zero, not known before a day, or refused by the name of the field", slow, () => {
    const unknown = new Map<string, boolean>();
    fc.assert(
      fc.property(anyScenario, places, (s, at) => {
        const scenario = s.knownBy === newestDay() ? (id: string) => ({ ...s, knobs: knobsAt(own.get(id) ?? [], at) }) : () => s;
        const wrong: string[] = [];
        for (const { id, evaluate } of judged) {
          try {
            const { value } = evaluate(scenario(id));
            const isUnknown = Number.isNaN(value);
            if (isUnknown ? !waiting.includes(id) : !(value >= 0 && value < Number.POSITIVE_INFINITY)) wrong.push(`${id} is ${value}`);
            const key = `${id} ${s.knownBy}`;
            if ((unknown.get(key) ?? isUnknown) !== isUnknown) wrong.push(`${id} is sometimes known on ${s.knownBy}`);
            unknown.set(key, isUnknown);
          } catch (error) {
            if (!(error instanceof RangeError && mayRefuse(error.message, s))) wrong.push(`${id} ${String(error)}`);
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
    for (const c of judged) expect(unknown.get(`${c.id} ${newestDay()}`), c.id).toBe(false);
    expect([...unknown.values()].filter(Boolean).length).toBeGreaterThan(0);
  });

  it("finds numbers for each of its conditions, or refuses by the name of the field", slow, () => {
    fc.assert(
      fc.property(anyScenario, (s) => {
        for (const c of judged) {
          try {
            for (const { condition, found } of c.conditions(s)) expect(`${condition}: ${found}`).not.toMatch(/NaN|Infinity|undefined|null/);
          } catch (error) {
            expect(error, `${c.id}: ${(error as Error).message}`).toBeInstanceOf(RangeError);
            expect(mayRefuse((error as Error).message, s), `${c.id}: ${(error as Error).message}`).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("refuses fields and knobs that cannot be, by name", () => {
    const ask = (part: object) => () => judged.map((c) => c.evaluate(part as Partial<Scenario>));
    for (const field of ["tokensInFlight", "expertParallel", "contextTokens"])
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "64"])
        expect(ask({ [field]: value })).toThrow(new RangeError(`${field} must be a positive integer, got ${value}`));
    for (const day of ["", "2025", "2025-13-01", "2025-02-30", "yesterday"])
      expect(ask({ knownBy: day })).toThrow(new RangeError(`knownBy must be a day as 2025-01-11, got "${day}"`));
    expect(ask({ model: "no such" })).toThrow(/^unknown model "no such"/);
    expect(ask({ hardware: "no such" })).toThrow(/^unknown hardware "no such"/);
    expect(ask({ weightFormat: "no such" })).toThrow(/^weightFormat must be one of/);
    expect(ask({ knobs: { memoryshare: 1 } })).toThrow(/^unknown knob "memoryshare"; nearest: memoryShare/);
    for (const { name, spread } of parameterRows()) {
      const low = spread.kind === "choice" ? Math.min(...spread.choices.map(Number)) : spread.low;
      const kind = low > 0 ? "a positive number" : "a number of at least zero";
      if (low >= 0) expect(ask({ knobs: { [name]: -1 } }), name).toThrow(new RangeError(`${name} must be ${kind}, got -1`));
      expect(ask({ knobs: { [name]: Number.NaN } }), name).toThrow(new RegExp(`^${name} must be `));
      if (low > 0) expect(ask({ knobs: { [name]: 0 } }), name).toThrow(new RegExp(`^${name} must be `));
    }
    expect(ask({ knobs: { fitError: -1.1 } })).toThrow(new RangeError("fitError must be between -1 and 1, got -1.1"));
  });

  it("is refused on a day before there was anything to judge it by", () => {
    expect(() => claims({ knownBy: "2024-01-10" })).toThrow(
      new RangeError('knownBy must be a day on which a mixture-of-experts model of DeepSeek was out, got "2024-01-10"'),
    );
    expect(() => claims({ knownBy: "2024-05-01" })).toThrow(
      new RangeError('knownBy must be a day on which a hardware that claim 1 can be computed for was out, got "2024-05-01"'),
    );
    expect(() => claims({ knownBy: "2025-01" })).toThrow(/^knownBy must be a day/);
  });
});
