import { readAddress, type State, writeAddress } from "./state";

/** The page's address, which holds the state. */
export interface Address {
  /**
   * Put a state into the address once the reader pauses: an entry in the history for each settled change.
   *
   * @param isFollowing - what the page itself makes of the reader's last change: it takes that entry's place.
   */
  readonly remember: (state: State, isFollowing: boolean) => void;
  /** The link that restores a state. */
  readonly link: (state: State) => string;
}

/** Milliseconds without a change after which it counts as settled. */
const settling = 500;

/**
 * Follow the address: now, and whenever the reader goes to another.
 *
 * @param state - what the page shows, whose own models a link may name.
 * @param take - gets the state that the address holds, and in words what of it could not be read.
 */
export function followAddress(state: () => State, take: (next: State, troubles: readonly string[]) => void): Address {
  let written = location.hash;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  let byReader = false;
  const follow = () => {
    clearTimeout(pause);
    byReader = false;
    written = location.hash;
    const read = readAddress(location.hash, state().own);
    isFirst = true;
    take(read.state, read.troubles);
  };
  // Back and forward, and an address that was typed.
  addEventListener("popstate", () => {
    if (location.hash !== written) follow();
  });
  addEventListener("hashchange", () => {
    if (location.hash !== written) follow();
  });
  follow();
  const shown = document.documentElement.dataset;
  return {
    link: (of) => `${location.href.replace(/#.*/, "")}#${writeAddress(of)}`,
    remember: (of, isFollowing) => {
      clearTimeout(pause);
      shown.remembered = "";
      byReader ||= !isFollowing && !isFirst;
      pause = setTimeout(
        () => {
          const next = `#${writeAddress(of)}`;
          const adds = byReader && !isFirst;
          [isFirst, byReader] = [false, false];
          shown.remembered = "true";
          if (next === location.hash) return;
          written = next;
          try {
            if (adds) history.pushState(null, "", next);
            else history.replaceState(null, "", next);
          } catch {
            location.replace(next);
          }
        },
        isFirst ? 200 : settling,
      );
    },
  };
}
