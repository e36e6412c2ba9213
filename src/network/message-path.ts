import { requireNonNegative, requirePositive, requirePositiveInteger } from "../checks";

/** Who decides that a message goes: a thread of the host for the GPU, the host's program, or a thread of the GPU. */
export type Initiator = "host proxy" | "host" | "GPU";

/** What moves the bytes. */
export type Mover = "network card" | "copy engine" | "load and store" | "data mover";

/** One way to move data from here to there. */
export interface TransferPath {
  readonly name: string;
  readonly initiator: Initiator;
  readonly mover: Mover;
  /** Paid once, however many messages follow. */
  readonly startSeconds: number;
  /** Between two messages when many are posted; with several channels already divided by them. */
  readonly secondsPerMessage: number;
  /** What long messages reach. */
  readonly bytesPerSecond: number;
}

/** The time of a transfer and what it is made of. */
export interface TransferTime {
  readonly seconds: number;
  readonly startSeconds: number;
  readonly messageSeconds: number;
  readonly byteSeconds: number;
  readonly bound: "start" | "messages" | "bytes";
}

/**
 * Time so many messages of one size over a path.
 *
 *     seconds = start + messages (secondsPerMessage + messageBytes / bytesPerSecond)
 *
 * Posting and moving add up. A path that posts the next message while one moves does better, at most twice; so this errs
 * to the slow side, most where the two are equal.
 *
 * @throws RangeError for a count that is no positive integer, a size or bandwidth not above zero, a negative cost.
 */
export function transferTime(path: TransferPath, messages: number, messageBytes: number): TransferTime {
  requirePositiveInteger("messages", messages);
  requirePositive("messageBytes", messageBytes);
  checkPath(path);
  const messageSeconds = messages * path.secondsPerMessage;
  const byteSeconds = (messages * messageBytes) / path.bytesPerSecond;
  const { startSeconds } = path;
  const most = Math.max(startSeconds, messageSeconds, byteSeconds);
  const bound = most === byteSeconds ? "bytes" : most === messageSeconds ? "messages" : "start";
  return { seconds: startSeconds + messageSeconds + byteSeconds, startSeconds, messageSeconds, byteSeconds, bound };
}

/**
 * The size at which posting a message costs as much as moving it: half the bandwidth is reached.
 *
 *     secondsPerMessage bytesPerSecond
 *
 * Shorter messages are limited by their number a second, longer ones by bytes.
 */
export function breakEvenBytes(path: Pick<TransferPath, "secondsPerMessage" | "bytesPerSecond">): number {
  checkStream(path);
  return path.secondsPerMessage * path.bytesPerSecond;
}

/** Bandwidth of an endless stream of messages of one size. @throws RangeError naming what cannot be. */
export function streamBytesPerSecond(path: Pick<TransferPath, "secondsPerMessage" | "bytesPerSecond">, messageBytes: number): number {
  requirePositive("messageBytes", messageBytes);
  checkStream(path);
  return messageBytes / (path.secondsPerMessage + messageBytes / path.bytesPerSecond);
}

/** Size at which one path takes as long as another for a single message; undefined where one is always the faster. @throws RangeError naming what cannot be. */
export function crossingBytes(a: TransferPath, b: TransferPath): number | undefined {
  checkPath(a);
  checkPath(b);
  const fixed = b.startSeconds + b.secondsPerMessage - a.startSeconds - a.secondsPerMessage;
  const slope = 1 / a.bytesPerSecond - 1 / b.bytesPerSecond;
  const size = fixed / slope;
  return Number.isFinite(size) && size > 0 ? size : undefined;
}

/**
 * A path read off the two ends of a sweep: cost a message at the smallest size, bandwidth at the largest. Nothing is fitted between.
 *
 * @throws RangeError when fewer than two sizes were measured.
 */
export function pathOfSweep(
  who: Pick<TransferPath, "name" | "initiator" | "mover">,
  sweep: readonly { readonly messageBytes: number; readonly messagesPerSecond: number }[],
): TransferPath {
  const sizes = new Set(sweep.map((row) => row.messageBytes)).size;
  if (sizes < 2) throw new RangeError(`${who.name} must have at least two sizes, got ${sizes}`);
  const sorted = [...sweep].sort((a, b) => a.messageBytes - b.messageBytes);
  const [first, last] = [sorted[0], sorted.at(-1)] as [(typeof sweep)[number], (typeof sweep)[number]];
  const secondsPerMessage = 1 / first.messagesPerSecond;
  const bytesPerSecond = last.messageBytes / (1 / last.messagesPerSecond - secondsPerMessage);
  return { ...who, startSeconds: 0, secondsPerMessage, bytesPerSecond };
}

function checkPath(path: TransferPath): void {
  requireNonNegative("startSeconds", path.startSeconds);
  checkStream(path);
}

function checkStream({ secondsPerMessage, bytesPerSecond }: Pick<TransferPath, "secondsPerMessage" | "bytesPerSecond">): void {
  requireNonNegative("secondsPerMessage", secondsPerMessage);
  requirePositive("bytesPerSecond", bytesPerSecond);
}
