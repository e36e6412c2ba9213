/** Opens a source where the text names it. Without this script its number leads to the list of sources. */
(() => {
  const close = (mark) => {
    document.getElementById(mark.getAttribute("aria-controls"))?.remove();
    mark.setAttribute("aria-expanded", "false");
    mark.removeAttribute("aria-controls");
  };
  const open = (mark) => {
    const note = document.createElement("span");
    note.className = "note";
    note.id = `${mark.id}-note`;
    note.setAttribute("role", "note");
    note.append(...document.querySelector(`${mark.getAttribute("href")} > .note-body`).cloneNode(true).childNodes);
    mark.closest("sup").after(note);
    mark.setAttribute("aria-expanded", "true");
    mark.setAttribute("aria-controls", note.id);
  };
  for (const mark of document.querySelectorAll(".cite > a")) {
    mark.setAttribute("aria-expanded", "false");
    mark.addEventListener("click", (event) => {
      event.preventDefault();
      (mark.getAttribute("aria-expanded") === "true" ? close : open)(mark);
    });
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && mark.getAttribute("aria-expanded") === "true") close(mark);
    });
  }
})();
