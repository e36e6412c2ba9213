import { type CalibratedName, calibratedNames, formatShare, type Hardware, hardware, machines, type StepFactors } from "../index";
import { factorRange } from "../machine/step-factors";
import { type Engine, engineOf, engines } from "../step/engine";
import { nearWords } from "../text/nearest";

/** What a reader's measured rows made of the model: plain data, that travels in the link. The rows themselves do not. */
export interface RowsCalibration {
  /** The machine and the engine that the rows are of: the factors are theirs alone. */
  readonly machine: string;
  readonly engine: Engine;
  /** How many rows they were fitted on. */
  readonly rows: number;
  /** Median of |predicted / measured - 1| on rows left out: of the model as it is, and with factors fitted without them. */
  readonly before: number;
  readonly after: number;
  /** Those that are not 1. */
  readonly factors: Readonly<Partial<StepFactors>>;
}

/** Most rows that a link may speak of: more are not read from a table. */
export const mostRows = 2000;
const fewestRows = 4;
const prefix = "cal.";
const parts = ["machine", "engine", "rows", "before", "after", ...calibratedNames] as const;

/** The parts of an address that speak of a calibration. */
export const calibrationParts: readonly string[] = parts.map((part) => prefix + part);

/** Digits of a factor in the state, so that link, cell and page hold the same number. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Put a calibration into an address. */
export function writeCalibration(address: URLSearchParams, { factors, ...rest }: RowsCalibration): void {
  for (const [part, value] of Object.entries({ ...rest, ...factors })) address.set(prefix + part, String(value));
}

/** The calibration that an address holds; undefined where it holds none, or one that is not in order, which is then said. */
export function readCalibration(address: URLSearchParams, troubles: string[]): RowsCalibration | undefined {
  if (!calibrationParts.some((part) => address.has(part))) return undefined;
  try {
    return calibrationOf((part) => address.get(prefix + part) ?? undefined);
  } catch (error) {
    troubles.push(`The link's calibration is left out, the model stands as it is: ${(error as Error).message}.`);
    return undefined;
  }
}

function calibrationOf(said: (part: (typeof parts)[number]) => string | undefined): RowsCalibration {
  const oneOf = <T extends string>(part: "machine" | "engine", known: readonly T[]): T => {
    const asked = said(part);
    const found = known.find((one) => one === asked);
    if (found !== undefined) return found;
    const near = asked === undefined ? "" : `; ${nearWords(asked, known)}`;
    throw new RangeError(`${prefix}${part} ${asked === undefined ? "is missing" : `"${asked.slice(0, 40)}" is not known`}${near}`);
  };
  const number = (part: (typeof parts)[number], what: string, least: number, largest: number): number => {
    const asked = said(part);
    const value = Number(asked);
    if (asked !== undefined && /^\d+(\.\d+)?(e-\d{1,2})?$/.test(asked) && value >= least && value <= largest) return value;
    const came = asked === undefined ? "nothing" : `"${asked.slice(0, 40)}"`;
    throw new RangeError(`${prefix}${part} must be ${what} from ${least} to ${largest}, got ${came}`);
  };
  const factor = (name: CalibratedName) =>
    said(name) === undefined ? [] : [[name, number(name, "a factor", factorRange.least, factorRange.most)] as const];
  const rows = number("rows", "a whole number", fewestRows, mostRows);
  if (!Number.isInteger(rows)) throw new RangeError(`${prefix}rows must be a whole number, got ${rows}`);
  return {
    machine: oneOf(
      "machine",
      machines().map(({ id }) => id),
    ),
    engine: oneOf("engine", engines),
    rows,
    before: number("before", "a share", 0, 100),
    after: number("after", "a share", 0, 100),
    factors: Object.fromEntries(calibratedNames.flatMap(factor).filter(([, value]) => value !== 1)),
  };
}

/** The calibration that bears on a machine and an engine: that of their own rows. An empty engine is the machine's usual one. */
export function bearingOn(
  calibration: RowsCalibration | undefined,
  machine: Pick<Hardware, "id" | "vendor">,
  engine: string,
): RowsCalibration | undefined {
  const own = calibration?.machine === machine.id && calibration.engine === engineOf(engine === "" ? undefined : engine, machine);
  return own ? calibration : undefined;
}

/** That numbers are calibrated, in few words for a sentence; empty where they are not. */
export function calibratedWords({ calibration }: { readonly calibration?: RowsCalibration | undefined }): string {
  return calibration === undefined ? "" : `calibrated on ${calibration.rows} of your rows`;
}

/** The same as a sentence of a caption, with a space before it. */
export function calibratedSentence(of: { readonly calibration?: RowsCalibration | undefined }): string {
  const words = calibratedWords(of);
  return words === "" ? "" : ` ${words[0]?.toUpperCase()}${words.slice(1)}.`;
}

/** What a scenario's notes say of a calibration. */
export function calibrationNote({ rows, before, after }: RowsCalibration): string {
  return `The decode step is calibrated on ${rows} of your rows: off by ${formatShare(before)} in the median before, by ${formatShare(after)} on rows left out since. The band stays that of deployments that were not calibrated; the time to the first token and single kernels stay as they were.`;
}

/** The machine of a calibration as its datasheet names it. */
export function machineName({ machine }: RowsCalibration): string {
  return hardware(machine).name.replace(/ \(.*\)/, "");
}
