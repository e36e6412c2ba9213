import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseRows } from "../../../src/data/rows";

const folder = join(process.cwd(), "data", "configs");

/** A published configuration of data/configs/. */
export interface PublishedConfig {
  readonly name: string;
  /** Id of the registry's model with these dimensions; empty where it has none. */
  readonly model: string;
  readonly text: string;
  readonly note: string;
}

/** All configurations of data/configs/. */
export const publishedConfigs: readonly PublishedConfig[] = parseRows("configs.csv", readFileSync(join(folder, "configs.csv"), "utf8")).map(
  ({ cells }) => ({
    name: cells.config as string,
    model: cells.model as string,
    text: readFileSync(join(folder, `${cells.config}.json`), "utf8"),
    note: cells.note as string,
  }),
);
