import { layOut, tableText } from "../text/table";
import { askedBy, UsageError } from "./arguments";
import { commands } from "./commands";

/** What a command line prints, and how it ends. */
export interface Printed {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly error: string;
}

/**
 * Answer a command line: a table, or with --json what programs read. A line that cannot be ends with 2 and the help, a
 * question that has no answer with 1 and the reason.
 */
export function answer(args: readonly string[]): Printed {
  try {
    const asked = askedBy(args);
    if (asked.help) return { code: 0, out: help(), error: "" };
    const command = asked.command === undefined ? undefined : commands[asked.command];
    if (command === undefined || !Object.hasOwn(commands, asked.command ?? ""))
      throw new UsageError(asked.command === undefined ? "a command is missing" : `unknown command "${asked.command}"`);
    const { record, title, rows, table } = command.answer(asked);
    const out = asked.json ? JSON.stringify(record, null, 2) : `${title}\n\n${tableText(layOut(rows, table))}`;
    return { code: 0, out: `${out.trimEnd()}\n`, error: "" };
  } catch (error) {
    if (error instanceof UsageError) return { code: 2, out: "", error: `${error.message}\n\n${help()}` };
    return { code: 1, out: "", error: `${(error as Error).message}\n` };
  }
}

function help(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return `Usage: deepshock COMMAND [OPTIONS]

${Object.entries(commands)
  .map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  .join("\n")}

  --model ID|FILE        a model of the registry, a config.json, or the folder of one
  --machine ID           a machine of the registry
  --requests N           requests of one GPU (128)
  --context N            tokens of context of a request (4096)
  --gpus N               GPUs of a replica that search splits (8)
  --input N, --output N  tokens of a prompt and of its answer, for search (4096, 1024)
  --expert-parallel N    GPUs that share the experts of a layer (1)
  --tensor-parallel N    GPUs that share each matrix outside the experts (1)
  --overlap HOW          none, or two-micro-batches (none)
  --format NAME          of the experts' weights; as released, where the machine has it
  --kernel NAME          of the experts
  --draws N              of the claims' uncertainty (4096)
  --json                 the answer as JSON, in base units
`;
}
