// Append today's verdicts to data/judgements.csv, the ledger of all judgements. Rows that stand there are never changed.
// npm run judge: appends where a verdict or a headline changed since the last entry, else says that none did.
import { appendFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { claims, judgements, newestDay } = require("../dist/index.js");
const { version } = JSON.parse(readFileSync(join(here, "..", "package.json"), "utf8"));

const now = claims();
const last = judgements().slice(-now.length);
const same = (c, i) => last[i]?.claim === c.id && last[i]?.verdict === c.verdict && last[i]?.headline === c.headline;
if (now.every(same)) {
  console.log("No verdict changed since the last entry of data/judgements.csv.");
} else {
  const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = now.map((c) => [newestDay(), version, c.id, c.verdict, c.headline].map(cell).join(","));
  appendFileSync(join(here, "judgements.csv"), `${rows.join("\n")}\n`);
  console.log(`Appended ${rows.length} verdicts of ${newestDay()}, version ${version}.`);
}
