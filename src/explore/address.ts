import { readAddress, type State, writeAddress } from "./state";

/** The page's address, which holds the state. */
export interface Address {
  /** Put a state into the address, not more often than browsers allow. */
  readonly remember: (state: State) => void;
  /** The link that restores a state. */
  readonly link: (state: State) => string;
}

/**
 * Follow the address: now, and whenever the reader goes to another.
 *
 * @param state - what the page shows, whose own models a link may name.
 * @param take - gets the state that the address holds, and in words what of it could not be read.
 */
export function followAddress(state: () => State, take: (next: State, troubles: readonly string[]) => void): Address {
  let written = "";
  let pause: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    const read = readAddress(location.hash, state().own);
    take(read.state, read.troubles);
  };
  addEventListener("hashchange", () => {
    if (location.hash !== written) follow();
  });
  follow();
  return {
    link: (of) => `${location.href.replace(/#.*/, "")}#${writeAddress(of)}`,
    remember: (of) => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        written = `#${writeAddress(of)}`;
        if (written === location.hash) return;
        try {
          history.replaceState(null, "", written);
        } catch {
          location.replace(written);
        }
      }, 200);
    },
  };
}
