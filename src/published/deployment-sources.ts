import { optionalText, readRows, text } from "../data/rows";

/** Where a published set-up comes from: a row of data/deployment-sources.csv. */
export interface DeploymentSource {
  /** Of the set-up. */
  readonly id: string;
  readonly title: string;
  readonly address: string;
  readonly locator: string;
  /** How the number of requests was found where it is not stated, and what else is derived or doubtful. */
  readonly requestsBasis: string;
  readonly note: string;
}

/** The sources of all set-ups, by their ids. */
export function deploymentSources(): ReadonlyMap<string, DeploymentSource> {
  read ??= new Map(
    readRows("deployment-sources.csv").map((row) => [
      text(row, "id"),
      {
        id: text(row, "id"),
        title: text(row, "sourceTitle"),
        address: text(row, "address"),
        locator: optionalText(row, "locator") ?? "",
        requestsBasis: optionalText(row, "requestsBasis") ?? "",
        note: optionalText(row, "note") ?? "",
      },
    ]),
  );
  return read;
}

let read: ReadonlyMap<string, DeploymentSource> | undefined;
