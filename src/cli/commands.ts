import * as ds from "../index";
import type { TableOptions, TableRow } from "../text/table";
import { type Asked, UsageError } from "./arguments";

/** What a command answers: a record for programs, and the same as rows for a reader. */
export interface Answer {
  readonly record: unknown;
  readonly title: string;
  readonly rows: readonly TableRow[];
  readonly table: TableOptions;
}

/** A command of `deepshock`, with the line that the help shows. */
interface Command {
  readonly about: string;
  readonly answer: (asked: Asked) => Answer;
}

/** All commands by name, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  step: { about: "one decode step of a model on a machine: time, tokens per second, and each task", answer: step },
  footprint: { about: "what a decode step keeps in the memory of one GPU", answer: footprint },
  claims: { about: "the claims of the article, judged; with --model or --machine for those alone", answer: judged },
  search: { about: "the deployments of a model on some GPUs that none beats in both rates", answer: search },
  models: { about: "the models that --model knows", answer: models },
  machines: { about: "the machines that --machine knows", answer: machines },
};

function question(asked: Asked) {
  const overlap = asked.text("overlap");
  if (overlap !== "none" && overlap !== "two-micro-batches")
    throw new UsageError(`--overlap: expected none or two-micro-batches, got "${overlap}"`);
  const [weightFormat, kernel] = [asked.text("format"), asked.text("kernel")];
  return {
    model: asked.model(),
    hardware: asked.machine(),
    requestsPerGpu: asked.count("requests"),
    contextTokens: asked.count("context"),
    expertParallel: asked.count("expert-parallel"),
    tensorParallel: asked.count("tensor-parallel"),
    overlap: overlap as "none" | "two-micro-batches",
    ...(weightFormat === undefined ? {} : { weightFormat }),
    ...(kernel === undefined ? {} : { kernel }),
  };
}

function step(asked: Asked): Answer {
  const { model, hardware, ...how } = question(asked);
  const record = ds.decodeStep({ model, hardware, ...how });
  // Layers that take as long stand in one row.
  const alike = new Map<string, (typeof record.tasks)[number][]>();
  for (const task of record.tasks) {
    const key = `${task.name} ${task.seconds} ${task.bytes}`;
    alike.set(key, [...(alike.get(key) ?? []), task]);
  }
  const rows = [...alike.values()].map((tasks) => {
    const { name, seconds, floorSeconds, bytes, bound } = tasks[0] as (typeof tasks)[number];
    const [microseconds, milliseconds] = [seconds * 1e6, seconds * tasks.length * 1e3];
    return { name, count: tasks.length, microseconds, floor: floorSeconds * 1e6, megabytes: bytes / 1e6, bound, milliseconds };
  });
  const columns = {
    ...{ name: "Task", count: "Times", microseconds: "Each (µs)", floor: "Floor (µs)", megabytes: "Bytes (MB)", bound: "Bound by" },
    milliseconds: "All (ms)",
  };
  const rate = `${ds.formatSeconds(record.seconds)} per step, ${ds.formatCount(Math.round(record.tokensPerSecondPerGpu))} tokens per second and GPU`;
  return {
    record: { model: model.id, machine: hardware.id, ...how, ...record },
    title: `${model.name} on ${hardware.name}: ${rate}`,
    rows,
    table: { columns },
  };
}

function footprint(asked: Asked): Answer {
  const { model, hardware, requestsPerGpu, contextTokens, expertParallel, weightFormat } = question(asked);
  const format = weightFormat ?? ds.defaultExperts(model, hardware, expertParallel).weightFormat;
  const held = ds.memoryFootprint({ model, weightFormat: format, requestsPerGpu, contextTokens, expertParallel });
  const capacityBytes = hardware.memoryBytes;
  const rows = [
    { part: "weights", gigabytes: held.weightBytes / 1e9 },
    { part: "cache of the requests", gigabytes: held.cacheBytes / 1e9 },
    { part: "both", gigabytes: (held.weightBytes + held.cacheBytes) / 1e9 },
    { part: `memory of ${hardware.name}`, gigabytes: capacityBytes / 1e9 },
  ];
  return {
    record: {
      model: model.id,
      machine: hardware.id,
      weightFormat: format,
      requestsPerGpu,
      contextTokens,
      expertParallel,
      ...held,
      capacityBytes,
    },
    title: `${model.name} on ${hardware.name}, weights in ${format}`,
    rows,
    table: { columns: { part: "On one GPU", gigabytes: "GB" } },
  };
}

function judged(asked: Asked): Answer {
  const scenario = {
    ...(asked.text("model") === undefined ? {} : { model: asked.model().id }),
    ...(asked.text("machine") === undefined ? {} : { hardware: asked.machine().id }),
  };
  const all = ds.claims({ draws: asked.count("draws"), ...(Object.keys(scenario).length > 0 ? { scenario } : {}) });
  const rows = all.map(({ id, headline, verdict, then }) => ({ id, atArticle: then.verdict, verdict, headline }));
  return {
    record: all,
    title: "Sixteen claims, judged in parts: by what was known on the day of the article, and now",
    rows,
    table: { columns: { id: "Claim", atArticle: "Then", verdict: "Now", headline: "In one line" } },
  };
}

/** The deployments of a model on some GPUs that none beats in both rates; as JSON beside them every other one, in what is known of it already. */
function search(asked: Asked): Answer {
  const [model, hardware, gpus] = [asked.model(), asked.machine(), asked.count("gpus")];
  const [inputTokens, outputTokens] = [asked.count("input"), asked.count("output")];
  const found = ds.searchDeployments({ model, hardware, gpus, inputTokens, outputTokens });
  const front = found.front.map((one) => {
    const { firstTokenSeconds, errorBand } = one;
    return { ...numbersOf(one), firstTokenSeconds, errorBand };
  });
  const rows = front.map(({ split, requests, tokensPerSecondPerGpu, tokensPerSecondPerRequest, firstTokenSeconds, memoryBytes }) => ({
    split,
    requests,
    perGpu: Math.round(tokensPerSecondPerGpu),
    perRequest: tokensPerSecondPerRequest,
    firstToken: firstTokenSeconds * 1e3,
    memory: memoryBytes / 1e9,
  }));
  const columns = {
    ...{ split: "Split", requests: "Requests", perGpu: "Tokens/s/GPU", perRequest: "Tokens/s per request" },
    ...{ firstToken: "First token (ms)", memory: "Memory (GB)" },
  };
  const title = `${model.name} on ${gpus} ${hardware.name}: ${front.length} deployments that none of ${found.deployments.length} beats in both rates`;
  const question = { model: model.id, machine: hardware.id, gpus, inputTokens, outputTokens };
  const deployments = asked.json ? found.deployments.map(numbersOf) : [];
  return { record: { ...question, searched: found.searched, front, deployments }, title, rows, table: { columns } };
}

/** A deployment without what takes another step to know, and without the model and machine that all have in common. */
function numbersOf(deployment: ds.FoundDeployment) {
  const { question, split, gpus, replicas, requests, memory } = deployment;
  const { tensorParallel, dataParallel, expertParallel, contextTokens, draftTokens = 0, overlap = "none" } = question;
  const { tokensPerSecondPerGpu, tokensPerSecondPerRequest, secondsPerToken } = deployment;
  return {
    ...{ split, gpus, replicas, tensorParallel, dataParallel, expertParallel, requests, contextTokens, draftTokens, overlap },
    ...{ tokensPerSecondPerGpu, tokensPerSecondPerRequest, secondsPerToken, memoryBytes: memory.totalBytes },
  };
}

function models(): Answer {
  const all = ds.models();
  const rows = all.map(({ id, name, released, routedExperts, expertsPerToken }) => ({
    id,
    name,
    released,
    routedExperts,
    expertsPerToken,
  }));
  const columns = { id: "Id", name: "Name", released: "Released", routedExperts: "Routed experts", expertsPerToken: "Chosen per token" };
  return { record: all, title: `${all.length} models`, rows, table: { columns } };
}

function machines(): Answer {
  const all = ds.machines();
  const rows = all.map(({ id, name }) => ({ id, name }));
  return { record: all, title: `${all.length} machines`, rows, table: { columns: { id: "Id", name: "Name" } } };
}
