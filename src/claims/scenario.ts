import { at, number, oneOf, optionalText, type Row, readRows, text } from "../data/rows";
import { kernels } from "../kernels/families";
import { hardware, machines } from "../machine/hardware";
import { isMoe, type Model } from "../model/model";
import { models } from "../model/registry";
import { nearest } from "../text/nearest";
import { isUnit, toBase } from "../units";
import { isKnown, monthsBefore } from "./known-by";
import type { Draw, Parameter, Spread } from "./uncertainty";

/** What a claim is judged under: a plain record. */
export interface Scenario {
  /** Id of a model and of a machine. */
  readonly model: string;
  readonly hardware: string;
  /** Of one expert-parallel group. */
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly weightFormat: string;
  readonly contextTokens: number;
  /** Only what was known on this day counts. */
  readonly knownBy: string;
  /** Values for parameters that one claim alone has, by name; what is missing takes its middle value. */
  readonly knobs?: Readonly<Record<string, number>>;
}

const fields: ReadonlySet<string> = new Set([
  "model",
  "hardware",
  "tokensInFlight",
  "expertParallel",
  "weightFormat",
  "contextTokens",
  "knownBy",
]);

/** Whether a parameter is a field of the scenario, and not of one claim alone. */
export function isScenarioField(name: string): boolean {
  return fields.has(name);
}

/**
 * The scenario that claims are judged under when nothing else is asked for.
 *
 * The article's tokens, DeepSeek's largest model known on the day (the article speaks of DeepSeek), and of the machines that had
 * been out for a year and whose expert kernels were measured the one with the fastest memory. Draws vary all of these.
 *
 * @throws RangeError naming the day when there was no such model or machine yet.
 */
export function scenarioAt(knownBy: string): Scenario {
  const own = known(models(), knownBy).filter((m) => m.organization === "DeepSeek" && isMoe(m));
  const largest = own.reduce<Model | undefined>((a, b) => ((b.totalParameters ?? 0) > (a?.totalParameters ?? 0) ? b : a), undefined);
  if (largest === undefined) throw tooEarly(knownBy, "mixture-of-experts model of DeepSeek");
  const middle = (name: string) => parameterRow("*", name, knownBy)?.nominal ?? Number.NaN;
  return {
    model: largest.id,
    hardware: fastestMachine(knownBy),
    tokensInFlight: middle("tokensInFlight"),
    expertParallel: middle("expertParallel"),
    weightFormat: "fp8_block",
    contextTokens: middle("contextTokens"),
    knownBy,
  };
}

function fastestMachine(knownBy: string): string {
  const seasoned = measuredMachines(monthsBefore(knownBy, 12)).map((id) => hardware(id));
  if (seasoned.length === 0) throw tooEarly(knownBy, "machine a year old with measured expert kernels");
  return seasoned.reduce((a, b) => (b.memoryBytesPerSecond > a.memoryBytesPerSecond ? b : a)).id;
}

/** What to throw on a day before anything of a kind was out. */
export function tooEarly(knownBy: string, missing: string): RangeError {
  return new RangeError(`knownBy must be a day on which a ${missing} was out, got "${knownBy}"`);
}

/**
 * Put draws into a scenario: fields by their name, all else among the knobs.
 *
 * The scenario returned is one and the same record each time, changed: tens of thousands of copies would cost more than the claims.
 */
export function drawnInto(scenario: Scenario): (draw: Draw) => Scenario {
  const knobs: Record<string, number> = { ...scenario.knobs };
  const drawn: Record<string, unknown> = { ...scenario, knobs };
  return (draw) => {
    for (const name in draw) {
      if (isScenarioField(name)) drawn[name] = draw[name];
      else knobs[name] = draw[name] as number;
    }
    return drawn as unknown as Scenario;
  };
}

/**
 * A parameter of one claim under a scenario: as the scenario says, else its middle value. NaN where nothing was known yet.
 *
 * @throws RangeError when the claim has no such parameter.
 */
export function knob(claim: string, name: string, scenario: Scenario): number {
  return scenario.knobs?.[name] ?? parameterRow(claim, name, scenario.knownBy)?.nominal ?? Number.NaN;
}

/** Models of the registry with experts that came out in the two years up to a day, dimensions read and not recalled; the oldest first. */
export function recentModels(knownBy: string): readonly Model[] {
  return recent(`models ${knownBy}`, () => {
    const from = monthsBefore(knownBy, 24);
    return known(models(), knownBy).filter((m) => isMoe(m) && m.confidence !== "low" && m.released > from);
  });
}

/** Ids of machines known on a day whose generation has measured expert kernels, the oldest first. */
export function measuredMachines(knownBy: string): readonly string[] {
  return recent(`machines ${knownBy}`, () => {
    const generations = new Set(kernels().map((k) => k.generation));
    return knownMachines(knownBy)
      .filter((m) => generations.has(m.generation))
      .map((m) => m.id);
  });
}

/** Machines whose year of availability had ended on a day. */
export function knownMachines(knownBy: string): ReturnType<typeof machines> {
  return machines().filter((m) => isKnown(String(m.released), knownBy));
}

const remembered = new Map<string, readonly unknown[]>();

function recent<T>(key: string, make: () => readonly T[]): readonly T[] {
  if (!remembered.has(key)) remembered.set(key, make());
  return remembered.get(key) as readonly T[];
}

function known(all: readonly Model[], by: string): readonly Model[] {
  return all.filter((m) => isKnown(m.released, by));
}

/**
 * The parameters of a claim as far as they were known on a day: choices of model and machine, then rows of data/claim-parameters.csv.
 *
 * A scenario field that `fixed` names keeps its value.
 */
export function parametersOf(
  claim: string,
  names: readonly string[],
  scenario: Scenario,
  choices: Readonly<Record<string, readonly string[]>>,
  fixed: readonly string[] = [],
): readonly Parameter[] {
  return names
    .filter((name) => !fixed.includes(name))
    .flatMap((name): readonly Parameter[] => {
      const given = choices[name];
      if (given !== undefined)
        return [{ name, label: `${name}, by release`, spread: { kind: "choice", choices: given }, reason: choiceReasons[name] ?? "" }];
      const row = parameterRow(claim, name, scenario.knownBy);
      return row === undefined ? [] : [row];
    });
}

const choiceReasons: Readonly<Record<string, string>> = {
  model: "mixture-of-experts models of the registry that came out in the two years before, each as likely",
  hardware: "machines of the registry that the claim can be computed for, each as likely",
};

/** A row of data/claim-parameters.csv. */
export interface ParameterRow extends Parameter {
  readonly claim: string;
  readonly nominal: number;
  /** Empty where it was always known. */
  readonly since: string;
}

let table: readonly ParameterRow[] | undefined;
const found = new Map<string, ParameterRow | undefined>();

/** All rows of data/claim-parameters.csv. */
export function parameterRows(): readonly ParameterRow[] {
  table ??= readParameterRows(readRows("claim-parameters.csv"));
  return table;
}

function parameterRow(claim: string, name: string, knownBy: string): ParameterRow | undefined {
  const key = `${claim} ${name} ${knownBy}`;
  if (!found.has(key)) {
    const named = parameterRows().filter((row) => row.name === name);
    const own = named.filter((row) => row.claim === claim);
    const rows = own.length > 0 ? own : named.filter((row) => row.claim === "*");
    if (rows.length === 0)
      throw new RangeError(
        `claim ${claim} has no parameter "${name}"; nearest: ${nearest(
          name,
          parameterRows().map((r) => r.name),
        ).join(", ")}`,
      );
    found.set(
      key,
      rows.findLast((row) => row.since === "" || isKnown(row.since, knownBy)),
    );
  }
  return found.get(key);
}

/**
 * Turn rows of data/claim-parameters.csv into parameters in base units.
 *
 * @throws Error naming file and line when a unit is unknown or low, nominal and high are not in this order.
 */
export function readParameterRows(rows: readonly Row[]): readonly ParameterRow[] {
  return Object.freeze(
    rows.map((row) => {
      const unit = text(row, "unit");
      if (!isUnit(unit)) throw new Error(`${at(row)}: unknown unit "${unit}"`);
      const [low, nominal, high] = ["low", "nominal", "high"].map((column) => toBase(number(row, column), unit)) as [
        number,
        number,
        number,
      ];
      if (!(low <= nominal && nominal <= high))
        throw new Error(`${at(row)}: expected low <= nominal <= high, got ${low}, ${nominal} and ${high}`);
      const scale = oneOf(row, "scale", ["linear", "log", "whole", "either"]);
      const spread: Spread = scale === "either" ? { kind: "choice", choices: [low, high] } : { kind: scale, low, high };
      return Object.freeze({
        claim: text(row, "claim"),
        name: text(row, "parameter"),
        label: text(row, "label"),
        nominal,
        spread,
        since: optionalText(row, "since") ?? "",
        source: text(row, "source"),
        reason: text(row, "reason"),
      });
    }),
  );
}
