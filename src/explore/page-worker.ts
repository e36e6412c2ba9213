/** All code of the page, which notebooks/jupyter/explore.mjs wraps in this function: its text makes the worker. */
declare function deepshockExplorer(): void;
/** The tables that the code reads. */
declare const deepshockData: Readonly<Record<string, string>>;

/** What a worker does: it takes the tables, which come as its first message, then runs the page's code. */
const workerText = (code: string) => `var deepshockExplorer = (${code});
self.onmessage = ({ data }) => { globalThis.deepshockData = data; deepshockExplorer(); };`;

/**
 * A worker made from the page's own text: it needs no file beside the page.
 *
 * @param answer - called with each message from it.
 * @param here - does the same on the page itself; made where the browser refuses a worker.
 * @returns a function that asks it.
 */
export function pageWorker<Asked, Answered>(
  answer: (answered: Answered) => void,
  here: () => (asked: Asked) => void,
): (asked: Asked) => void {
  try {
    const text = new Blob([workerText(deepshockExplorer.toString())], { type: "text/javascript" });
    const made = new Worker(URL.createObjectURL(text));
    made.postMessage(deepshockData);
    let fallback: ((asked: Asked) => void) | undefined;
    let last: Asked | undefined;
    made.onmessage = ({ data }: MessageEvent<Answered>) => answer(data);
    // A browser that refuses the worker says so only now: what it was asked is done here.
    made.onerror = () => {
      fallback ??= here();
      if (last !== undefined) fallback(last);
    };
    return (asked) => {
      last = asked;
      if (fallback === undefined) made.postMessage(asked);
      else fallback(asked);
    };
  } catch {
    return here();
  }
}
