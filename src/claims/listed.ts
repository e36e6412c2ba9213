import { lookedUp, oneOf, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { isKnown } from "./known-by";

/** A link between accelerators of one domain: a row of data/scale-up-fabrics.csv. */
export interface Fabric {
  readonly name: string;
  readonly maker: string;
  readonly date: string;
  readonly semantics: "memory" | "messages";
  readonly carrier: "own" | "Ethernet";
  readonly shipped: boolean;
  readonly source: string;
}

/** A published exchange: a row of data/exchange-movers.csv. */
export interface ExchangeMover {
  readonly name: string;
  readonly maker: string;
  readonly date: string;
  readonly scope: "exchange" | "collective";
  readonly mover: "loads and stores" | "engine inside" | "engine outside" | "network card";
  readonly initiator: "processor" | "host" | "engine";
  readonly addsUp: "processor" | "engine" | "nobody";
  readonly source: string;
}

/**
 * Fabrics announced by a day.
 *
 * @example fabrics(articleDay).map(({ name, semantics }) => [name, semantics])
 */
export function fabrics(knownBy: string): readonly Fabric[] {
  allFabrics ??= readFabrics(readRows("scale-up-fabrics.csv"));
  return allFabrics.filter((f) => isKnown(f.date, knownBy));
}

let allFabrics: readonly Fabric[] | undefined;

/** Turn rows of data/scale-up-fabrics.csv into fabrics; a word that is none of its list throws with file and line. */
export function readFabrics(rows: readonly Row[]): readonly Fabric[] {
  return rows.map((row) => ({
    ...common(row, "fabric"),
    semantics: oneOf(row, "semantics", ["memory", "messages"]),
    carrier: oneOf(row, "carrier", ["own", "Ethernet"]),
    shipped: oneOf(row, "shipped", ["yes", "no"]) === "yes",
  }));
}

/**
 * Exchanges published by a day.
 *
 * @example exchangeMovers(newestDay()).map(({ name, mover }) => [name, mover])
 */
export function exchangeMovers(knownBy: string): readonly ExchangeMover[] {
  allMovers ??= readMovers(readRows("exchange-movers.csv"));
  return allMovers.filter((m) => isKnown(m.date, knownBy));
}

let allMovers: readonly ExchangeMover[] | undefined;

/** Turn rows of data/exchange-movers.csv into exchanges; a word that is none of its list throws with file and line. */
export function readMovers(rows: readonly Row[]): readonly ExchangeMover[] {
  return rows.map((row) => ({
    ...common(row, "implementation"),
    scope: oneOf(row, "scope", ["exchange", "collective"]),
    mover: oneOf(row, "mover", ["loads and stores", "engine inside", "engine outside", "network card"]),
    initiator: oneOf(row, "initiator", ["processor", "host", "engine"]),
    addsUp: oneOf(row, "addsUp", ["processor", "engine", "nobody"]),
  }));
}

function common(row: Row, name: string): { readonly name: string; readonly maker: string; readonly date: string; readonly source: string } {
  return { name: text(row, name), maker: text(row, "maker"), date: text(row, "date"), source: lookedUp(row, "source", source).id };
}
