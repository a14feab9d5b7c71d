// A wide table and a long output scroll inside themselves: let the keyboard reach it too.
const reachable = () =>
  document.querySelectorAll(".bd-article table, .cell_output, .output").forEach((box) => {
    const wide = box.scrollWidth > box.clientWidth, high = box.scrollHeight > box.clientHeight + 1;
    if (wide || high) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
addEventListener("load", () => {
  // Printed sentences wrap. Columns of numbers, three lines and more, keep their places.
  document.querySelectorAll(".cell_output pre").forEach((pre) => {
    const lines = pre.textContent.trim().split("\n");
    const aligned = lines.filter((line) => /\S {2,}\S/.test(line)).length;
    if (aligned < 3 || aligned < 0.4 * lines.length) pre.classList.add("sentences");
  });
  reachable();
});
addEventListener("resize", reachable);

// The arrows that unfold a part of the contents have a picture, but no name.
addEventListener("load", () =>
  document.querySelectorAll(".bd-sidebar-primary details > summary").forEach((arrow) => {
    const chapter = arrow.closest("li")?.querySelector("a")?.textContent.trim() ?? "this page";
    arrow.setAttribute("aria-label", `Pages below ${chapter}`);
  }));

// A sentence in a table of numbers wraps and begins at the left; a long name of a row wraps, too.
// A page that a command prints keeps the columns of the tables in it.
addEventListener("load", () => {
  document.querySelectorAll(".cell_output table.dataframe :is(td, tbody th)").forEach((cell) => {
    const longest = cell.tagName === "TD" ? 32 : 14;
    const text = cell.textContent.trim();
    cell.classList.toggle("sentence", text.length > longest && /[a-z] [a-z]/.test(text));
  });
  document.querySelectorAll(".cell_output pre.sentences").forEach((pre) => {
    if (/(^.*\S {2,}\S.*\n){4}/m.test(pre.textContent)) pre.classList.remove("sentences");
  });
  reachable();
});
