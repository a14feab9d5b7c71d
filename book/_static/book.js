// A wide table scrolls inside itself: let the keyboard reach it too.
const reachable = () =>
  document.querySelectorAll(".bd-article table, .cell_output, .output").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
addEventListener("load", reachable);
addEventListener("resize", reachable);

// The arrows that unfold a part of the contents have a picture, but no name.
addEventListener("load", () =>
  document.querySelectorAll(".bd-sidebar-primary details > summary").forEach((arrow) => {
    const chapter = arrow.closest("li")?.querySelector("a")?.textContent.trim() ?? "this page";
    arrow.setAttribute("aria-label", `Pages below ${chapter}`);
  }));

// A sentence in a table of numbers wraps and begins at the left.
addEventListener("load", () => {
  document.querySelectorAll(".cell_output table.dataframe td").forEach((cell) => {
    cell.classList.toggle("sentence", cell.textContent.length > 32 && /[a-z] [a-z]/.test(cell.textContent));
  });
  reachable();
});
